// publish KUVERT | subscribe NAME | ask SYSTEM TEXT
using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace Vera.Eksempel;

public static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        if (arguments.Length < 2)
        {
            Console.Error.WriteLine("usage: publish KUVERT | subscribe NAME | ask SYSTEM TEXT");
            return 2;
        }
        // amqp://system:secret@host:port; without a name SASL ANONYMOUS.
        var address = new Address(Environment.GetEnvironmentVariable("VERA_URL") ?? "amqp://127.0.0.1:5672");
        Connection connection = await Connection.Factory.CreateAsync(address);
        try
        {
            var session = new Session(connection);
            switch (arguments[0])
            {
                case "publish": return await Publish(session, arguments[1]);
                case "subscribe": return await Subscribe(session, arguments[1]);
                case "ask": return await Ask(session, arguments[1], arguments.Length > 2 ? arguments[2] : "");
                default: return 2;
            }
        }
        finally
        {
            await connection.CloseAsync();
        }
    }

    private static async Task<int> Publish(Session session, string file)
    {
        var sender = new SenderLink(session, "publish", "events");
        var message = new Message { BodySection = new Data { Binary = await File.ReadAllBytesAsync(file) } };
        message.Header = new Header { Durable = true };
        message.Properties = new Properties { ContentType = "application/json" }; // or application/protobuf; may be left out
        try
        {
            await sender.SendAsync(message); // returns when the event is on disk at every subscriber
            Console.WriteLine("accepted");
            return 0;
        }
        catch (AmqpException refused)
        {
            // Rejected: the condition and a text that names the field. Anything else, and a timeout: send it again with the same BeskedId.
            Console.Error.WriteLine($"{refused.Error?.Condition}: {refused.Error?.Description}");
            return 1;
        }
    }

    private static async Task<int> Subscribe(Session session, string name)
    {
        var receiver = new ReceiverLink(session, "subscribe", "sub/" + name);
        receiver.SetCredit(50, CreditMode.Auto);
        for (;;)
        {
            Message message = await receiver.ReceiveAsync(Timeout.InfiniteTimeSpan);
            if (message == null) return 1;
            // In the form in which it was published: one data section, several, or a value of text.
            string body = message.Body switch
            {
                byte[] bytes => $"{bytes.Length} bytes",
                string text => text,
                _ => message.BodySection?.ToString() ?? "",
            };
            Console.WriteLine($"{message.MessageAnnotations?[new Symbol("x-opt-vera-subscription")]} {body}");
            // Here your own work; then:
            receiver.Accept(message);
            // Not now (comes again after a while): receiver.Modify(message, deliveryFailed: true).
            // Never: receiver.Reject(message, new Error(…) { Description = … }), and it becomes a dead letter that people look at.
        }
    }

    private static async Task<int> Ask(Session session, string system, string text)
    {
        // A dynamic node for the answer: in memory, and only the system that is asked may send to it.
        var opened = new TaskCompletionSource<string>();
        var answers = new ReceiverLink(session, "answers", new Attach { Source = new Source { Dynamic = true }, Target = new Target() },
            (_, attach) => opened.TrySetResult(((Source)attach.Source).Address));
        answers.SetCredit(1);
        var inbox = new SenderLink(session, "ask", "inbox/" + system);
        await inbox.SendAsync(new Message(text)
        {
            Header = new Header { Durable = true },
            Properties = new Properties { MessageId = Guid.NewGuid().ToString(), ReplyTo = await opened.Task },
        });
        Message answer = await answers.ReceiveAsync(TimeSpan.FromSeconds(10));
        Console.WriteLine(answer?.Body ?? "no answer within 10 s");
        if (answer != null) answers.Accept(answer);
        return answer == null ? 1 : 0;
    }
}
