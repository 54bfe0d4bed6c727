"""What the system tests ask of python3-qpid-proton: send and receive with its reactor, seeing the encoded bytes on both sides."""
import uuid

from proton import Described, Disposition, Handler, Message, byte, char, decimal64, int32, symbol, timestamp, ubyte, ulong
from proton.handlers import MessagingHandler
from proton.reactor import Container

FIVE_MIB = 5 << 20


class Deadline:
    def on_timer_task(self, event):
        raise TimeoutError("no end within 60 s")


def messages():
    """Message objects with every field Proton knows, and bodies of many types."""
    full = Message(body=b"bytes", id=ulong(5), user_id=b"nobody", address="to", subject="æmne", reply_to="r", correlation_id=uuid.UUID(int=9),
                   content_type="text/plain", content_encoding="gzip", expiry_time=2e9, creation_time=1.7e9, group_id="g",
                   group_sequence=3, reply_to_group_id="rg", durable=True, priority=7, ttl=60, inferred=True,
                   properties={"tekst": "Ærø", "tal": 5, "sand": True, "brøk": 1.5, "bytes": b"\x00", "id": uuid.UUID(int=1)},
                   annotations={symbol("x-opt-farve"): "blå"}, instructions={symbol("x-opt-hop"): 1})
    bodies = ["text", b"octets", True, 5, 1.5, ulong(2**63), ubyte(7), byte(-3), int32(-70000), char("æ"), symbol("sym"),
              timestamp(1700000000000), decimal64(5), uuid.UUID(int=4), [1, "to", None], {"a": {"b": [1]}}, Described(symbol("x:y"), [1]),
              "æ" * (FIVE_MIB // 2)]
    made = [full, Message(body=b"\x00" * FIVE_MIB, inferred=True, content_type="application/octet-stream"), Message(body=[1, 2], inferred=True)]
    return made + [Message(body=body, inferred=False) for body in bodies]


class Sending(MessagingHandler):
    def __init__(self, port, address, made):
        super().__init__(auto_settle=False)
        self.url, self.address = f"amqp://127.0.0.1:{port}", address
        self.waiting = list(made)
        self.sent, self.by_delivery = [], {}

    def on_start(self, event):
        self.deadline = event.container.schedule(60, Deadline())
        self.connection = event.container.connect(self.url, reconnect=False, allowed_mechs="ANONYMOUS")
        event.container.create_sender(self.connection, self.address)

    def on_sendable(self, event):
        while event.sender.credit and self.waiting:
            message = self.waiting.pop(0)
            delivery = event.sender.send(message)
            self.by_delivery[delivery.tag] = len(self.sent)
            self.sent.append([None, message.encode()])

    def note(self, event, outcome):
        self.sent[self.by_delivery[event.delivery.tag]][0] = outcome
        event.delivery.settle()
        if not self.waiting and all(one[0] for one in self.sent):
            self.deadline.cancel()
            self.connection.close()

    def on_accepted(self, event):
        self.note(event, "accepted")

    def on_rejected(self, event):
        self.note(event, "rejected")

    def on_released(self, event):
        self.note(event, "released")

    def on_transport_error(self, event):
        raise ConnectionError(str(event.transport.condition))

    def on_link_error(self, event):
        raise ConnectionError(str(event.link.remote_condition))


def send(port, address, made):
    """[(outcome, bytes as encoded)] in order."""
    handler = Sending(port, address, made)
    Container(handler).run()
    return [tuple(one) for one in handler.sent]


def publish_kuverts(port, bodies):
    """The same kuverts as a data section, as an amqp-value string and as octets without content-type; outcomes in order."""
    made = [Message(body=bodies[0], inferred=True, content_type="application/json"), Message(body=bodies[1].decode(), inferred=False),
            Message(body=bodies[2], inferred=True)]
    return [outcome for outcome, _ in send(port, "events", made)]


class Receiving(Handler):
    """Without MessagingHandler, which would decode: takes the bytes of each delivery from the link."""

    def __init__(self, port, address, count):
        self.url, self.address, self.count, self.got = f"amqp://127.0.0.1:{port}", address, count, []

    def on_reactor_init(self, event):
        self.deadline = event.container.schedule(60, Deadline())
        self.connection = event.container.connect(self.url, reconnect=False, allowed_mechs="ANONYMOUS")
        self.link = event.container.create_receiver(self.connection, self.address)
        self.link.flow(self.count)

    def on_delivery(self, event):
        delivery = event.delivery
        if not delivery.readable or delivery.partial:
            return
        data, chunk = b"", event.link.recv(1 << 20)
        while chunk:
            data += chunk
            chunk = event.link.recv(1 << 20)
        self.got.append(data)
        event.link.advance()
        delivery.update(Disposition.ACCEPTED)
        delivery.settle()
        if len(self.got) == self.count:
            self.deadline.cancel()
            self.connection.close()

    def on_transport_error(self, event):
        raise ConnectionError(str(event.transport.condition))

    def on_connection_remote_close(self, event):
        event.connection.close()

    def on_link_remote_close(self, event):
        if event.link.remote_condition:
            raise ConnectionError(str(event.link.remote_condition))


def receive(port, address, count):
    """The encoded messages as they came."""
    handler = Receiving(port, address, count)
    Container(handler).run()
    return handler.got
