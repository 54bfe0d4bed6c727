package dk.vera.eksempel;

import javax.jms.BytesMessage;
import javax.jms.Connection;
import javax.jms.Message;
import javax.jms.MessageConsumer;
import javax.jms.Session;
import javax.jms.TextMessage;

/** Receives the events of a subscription: Subscribe NAME. */
public final class Subscribe {
    private Subscribe() {}

    public static void main(String[] arguments) throws Exception {
        try (Connection connection = Bus.connect();
             // CLIENT_ACKNOWLEDGE: what is not acknowledged comes again.
             Session session = connection.createSession(false, Session.CLIENT_ACKNOWLEDGE);
             MessageConsumer consumer = session.createConsumer(session.createQueue("sub/" + arguments[0]))) {
            for (;;) {
                Message message = consumer.receive();
                if (message == null) return;
                // In the form in which it was published: a data section is a BytesMessage, text a TextMessage.
                if (message instanceof BytesMessage) {
                    System.out.println(message.getBody(byte[].class).length + " bytes");
                } else if (message instanceof TextMessage) {
                    System.out.println(message.getBody(String.class));
                }
                // Here your own work; then:
                message.acknowledge(); // all of this session up to here
                // Before acknowledge, message.setIntProperty("JMS_AMQP_ACK_TYPE", n) says otherwise: 4 not now, it comes again after a
                // while; 2 never, it becomes a dead letter that people look at; 3 back at once.
            }
        }
    }
}
