package dk.vera.eksempel;

import javax.jms.Connection;
import javax.jms.JMSException;
import org.apache.qpid.jms.JmsConnectionFactory;

/** Where the bus is: VERA_URL, VERA_USER and VERA_SECRET. */
final class Bus {
    private Bus() {}

    static Connection connect() throws JMSException {
        String url = System.getenv().getOrDefault("VERA_URL", "amqp://127.0.0.1:5672");
        // prefetch: how many unsettled messages may lie here. A message that this client gives up is rejected, and so a dead letter.
        // failover:(...) reconnects; what had no verdict is sent again, and VeRA recognises the repeated BeskedId.
        String options = "?jms.prefetchPolicy.all=50&jms.redeliveryPolicy.maxRedeliveries=-1";
        String user = System.getenv("VERA_USER");
        JmsConnectionFactory factory = user == null
            ? new JmsConnectionFactory(url + options + "&amqp.saslMechanisms=ANONYMOUS")
            : new JmsConnectionFactory(user, System.getenv("VERA_SECRET"), url + options + "&amqp.saslMechanisms=PLAIN");
        Connection connection = factory.createConnection();
        connection.start();
        return connection;
    }
}
