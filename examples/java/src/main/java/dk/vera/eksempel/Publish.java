package dk.vera.eksempel;

import java.nio.file.Files;
import java.nio.file.Path;
import javax.jms.BytesMessage;
import javax.jms.Connection;
import javax.jms.DeliveryMode;
import javax.jms.JMSException;
import javax.jms.MessageProducer;
import javax.jms.Session;

/** Publishes one event: Publish KUVERT, as JSON or Protobuf. */
public final class Publish {
    private Publish() {}

    public static void main(String[] arguments) throws Exception {
        byte[] kuvert = Files.readAllBytes(Path.of(arguments[0]));
        try (Connection connection = Bus.connect();
             // Not transacted: VeRA has no transactions. A send that returns is stored.
             Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
             MessageProducer events = session.createProducer(session.createQueue("events"))) {
            events.setDeliveryMode(DeliveryMode.PERSISTENT); // waits for the verdict; NON_PERSISTENT does not
            BytesMessage message = session.createBytesMessage(); // a TextMessage with the JSON does as well
            message.writeBytes(kuvert);
            events.send(message);
            System.out.println("accepted"); // on disk at every subscriber
        } catch (JMSException refused) {
            // Rejected: mend the event. Released, or no connection: send it again with the same BeskedId.
            System.err.println(refused.getMessage());
            System.exit(1);
        }
    }
}
