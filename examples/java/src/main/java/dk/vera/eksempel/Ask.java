package dk.vera.eksempel;

import javax.jms.Connection;
import javax.jms.Message;
import javax.jms.MessageConsumer;
import javax.jms.MessageProducer;
import javax.jms.Session;
import javax.jms.TemporaryQueue;
import javax.jms.TextMessage;

/** Sends a message to one system and waits for its answer: Ask SYSTEM TEXT. Needs VERA_USER and VERA_SECRET. */
public final class Ask {
    private Ask() {}

    public static void main(String[] arguments) throws Exception {
        try (Connection connection = Bus.connect();
             Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            // A dynamic node: in memory, and only the system that is asked may send to it.
            TemporaryQueue answers = session.createTemporaryQueue();
            MessageConsumer consumer = session.createConsumer(answers);
            MessageProducer inbox = session.createProducer(session.createQueue("inbox/" + arguments[0]));
            TextMessage question = session.createTextMessage(arguments[1]);
            question.setJMSReplyTo(answers);
            inbox.send(question);
            Message answer = consumer.receive(10_000);
            System.out.println(answer == null ? "no answer within 10 s" : answer.getBody(String.class));
            // The other side: session.createProducer(null).send(question.getJMSReplyTo(), answer) with
            // answer.setJMSCorrelationID(question.getJMSMessageID()).
        }
    }
}
