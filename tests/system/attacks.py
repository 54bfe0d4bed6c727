"""What one remote client can do (reliability §1): each attack goes at a live daemon while a good client publishes and consumes. After it the
daemon lives, the good client was never held up for a second, and memory is where it was."""
import random
import select
import struct
import threading
import time

import amqp_raw as amqp
import harness
from amqp_raw import (ATTACH, BEGIN, CLOSE, COORDINATOR, DETACH, DISPOSITION, END, ERROR, FLOW, OPEN, SASL_INIT, SOURCE, TARGET, TRANSFER,
                      Described, Symbol, frame, performative, uint, ulong, ushort)
from harness import Bus, case, check, equal, eventually, folder

MIB = 1 << 20
ENDINGS = (amqp.ProtocolError, OSError)


class GoodClient:
    """Round trips on its own queue until stopped; remembers the longest."""

    def __init__(self, port):
        self.client = amqp.Client(port, container="good", seconds=20)
        self.sender, self.receiver = self.client.sender("queue/good"), self.client.receiver("queue/good", credit=10)
        self.longest, self.trips, self.error = 0.0, 0, None
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while not self.stopped.is_set():
                began = time.monotonic()
                body = b"%d" % self.trips
                equal(self.client.publish(self.sender, amqp.data_message(body)).code, amqp.ACCEPTED)
                one = self.client.take(self.receiver)
                equal(amqp.section(one.message, 0x75), body, "the good client's message")
                self.client.settle(one)
                self.client.flow(self.receiver, 10)
                self.longest = max(self.longest, time.monotonic() - began)
                self.trips += 1
                self.stopped.wait(0.001)  # leaves the machine to the attack
        except BaseException as error:
            self.error = error

    def trip_more(self):
        """At least two whole round trips from now."""
        until = self.trips + 2
        eventually(lambda: self.error or self.trips >= until, 10, "the good client goes on")

    def stop(self):
        self.stopped.set()
        self.thread.join(20)
        if self.error:
            raise AssertionError(f"the good client was disturbed: {self.error!r}") from self.error
        self.client.close()


def attack(sentence, seconds=60, rss_mib=40, **more):
    """Registers a case that runs function(port) against a daemon with a good client on it."""
    def register(function):
        def run():
            with folder() as path:
                with Bus(path, [harness.subscription("alt")], ["good", "bad"], **more).start() as bus:
                    good = GoodClient(bus.port)
                    good.trip_more()
                    before = bus.rss_kib()
                    function(bus.port)
                    good.trip_more()
                    good.stop()
                    check(bus.is_alive(), "the daemon lives")
                    grown = (bus.rss_kib() - before) / 1024
                    print(f"good client: {good.trips} round trips, longest {good.longest * 1000:.0f} ms; memory {grown:+.1f} MiB")
                    check(good.longest < 1, f"the good client was held up for {good.longest:.2f} s")
                    check(grown <= rss_mib, f"memory grew by {grown:.1f} MiB")
        run.__name__ = function.__name__
        case(f"attack: {sentence}", seconds)(run)
        return function
    return register


# -- building blocks -----------------------------------------------------------------------------------------------------------------------
def handshake(port, seconds=10):
    """A pipe after SASL ANONYMOUS, open and begin."""
    pipe = amqp.Pipe(port, seconds=seconds)
    pipe.write(amqp.SASL_HEADER + frame(performative(SASL_INIT, Symbol("ANONYMOUS")), kind=1) + amqp.AMQP_HEADER +
               frame(performative(OPEN, "bad", None, uint(65536))) + frame(begin()))
    return pipe


def begin(remote=None):
    return performative(BEGIN, remote, uint(0), uint(2048), uint(2048))


def attach_sender(name="s", handle=0, target="queue/bad"):
    return performative(ATTACH, name, uint(handle), False, None, None, Described(SOURCE, []), Described(TARGET, [target]), None, None, uint(0))


def attach_receiver(name="r", handle=0, source="queue/bad"):
    return performative(ATTACH, name, uint(handle), True, None, None, Described(SOURCE, [source]), Described(TARGET, []))


def sending(port):
    """A pipe with a sender attached and credit on it."""
    pipe = handshake(port)
    pipe.write(frame(attach_sender()))
    wait_for(pipe, amqp.FLOW)
    return pipe


def wait_for(pipe, code, seconds=10):
    """Reads until the performative comes; before it, protocol headers and SASL are passed over."""
    deadline = time.monotonic() + seconds
    while True:
        while len(pipe.buffer) < 8:
            pipe.read_more(deadline)
        if pipe.buffer[:4] == b"AMQP":
            del pipe.buffer[:8]
            continue
        _, _, body = pipe.read_frame(max(0.01, deadline - time.monotonic()))
        if body:
            described, _ = amqp.decode(body)
            if described.descriptor == code:
                return described.value


def transfer(*fields, payload=b""):
    return frame(performative(TRANSFER, *fields) + payload)


def ends(pipe, data, what="it"):
    """The peer closes this connection after `data`."""
    try:
        pipe.write(data)
    except OSError:
        return
    check(pipe.ended(10), f"the connection outlives {what}")
    pipe.close()


def survives(port, data, what="it"):
    """`data` on a connection with a sender: closed or not, whatever is right, but answered or dropped without a hang."""
    pipe = sending(port)
    try:
        pipe.write(data)
        pipe.write(frame(performative(CLOSE)))
    except OSError:
        return
    check(pipe.ended(10), f"no end after {what}")
    pipe.close()


# -- P1 to P16 -----------------------------------------------------------------------------------------------------------------------------
@attack("P1 a first transfer without delivery-id ends only its own connection")
def p1(port):
    for more in (True, False):
        ends(sending(port), transfer(uint(0), None, b"t", uint(0), False, more, payload=b"\x00\x53\x75\xa0\x01x"))


@attack("P2 a transfer with an empty payload is rejected as no message")
def p2(port):
    client = amqp.Client(port)
    sender = client.sender("queue/bad")
    outcome = client.publish(sender, b"")
    equal((outcome.code, outcome.condition), (amqp.REJECTED, "amqp:decode-error"))
    equal(client.publish(sender, amqp.data_message(b"fine")).code, amqp.ACCEPTED)
    client.close()


@attack("P3 detach, end and close with an error condition are taken calmly")
def p3(port):
    error = Described(ERROR, [Symbol("amqp:internal-error"), "on purpose"])
    for _ in range(20):
        survives(port, frame(performative(DETACH, uint(0), True, error)))
        survives(port, frame(performative(DETACH, uint(0), False, error)))
        survives(port, frame(performative(END, error)))
        ends(sending(port), frame(performative(CLOSE, error)))


@attack("P4 garbage over TCP ends only its own connections", seconds=120)
def p4(port):
    rng = harness.seed()
    for number in range(400):
        pipe = amqp.Pipe(port) if number % 2 else handshake(port)
        try:
            pipe.write(rng.choice([b"", amqp.AMQP_HEADER, amqp.SASL_HEADER, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00"]) +
                       rng.randbytes(rng.randrange(1, 4000)))
            pipe.socket.shutdown(1)
            check(pipe.ended(10), "garbage hangs")
        except OSError:
            pass
        pipe.close()


@attack("P5 an endless delivery is stopped at the size limit", rss_mib=64)
def p5(port):
    pipe = sending(port)
    pipe.socket.settimeout(10)
    sent, piece = 0, b"\x00\x53\x75\xb0\x30\x00\x00\x00" + bytes(60000)
    try:
        pipe.write(transfer(uint(0), uint(0), b"t", uint(0), False, True, payload=piece))
        while sent < 600 * MIB and not select.select([pipe.socket], [], [], 0)[0]:  # it speaks: that is the refusal
            pipe.write(transfer(uint(0), None, None, None, None, True, payload=bytes(60000)))
            sent += 60000
    except OSError:
        pass
    check(sent < 64 * MIB, f"{sent / MIB:.0f} MiB were taken in one delivery")
    check(pipe.ended(10), "the connection goes on")
    pipe.close()


@attack("P5 many endless deliveries side by side are bounded too", rss_mib=200)
def p5_many(port):
    pipes = [sending(port) for _ in range(40)]
    for number, pipe in enumerate(pipes):
        pipe.socket.settimeout(0.2)
        try:
            pipe.write(transfer(uint(0), uint(0), b"t", uint(0), False, True, payload=b"\x00\x53\x75\xb0\x30\x00\x00\x00" + bytes(60000)))
            for _ in range(250):  # 15 MB each, just under the limit
                pipe.write(transfer(uint(0), None, None, None, None, True, payload=bytes(60000)))
        except OSError:
            pass
    for pipe in pipes:
        pipe.close()


POISON = {
    "garbage": "ffffffffffff", "truncated section": "005375b0000fffff41", "no body": "005370c0020141",
    "body twice in different kinds": "005375a00178005377a10178", "two values": "005377a10178005377a10178",
    "header behind data": "005375a00178005370c0020141", "properties twice": "00537345 00537345 005375a00178", "footer only": "005378c10100",
    "unknown section": "005379a00178", "value without constructor": "005377", "data that is a string": "005375a10178",
    "map with odd count": "005374c10401510141", "application property with an int key": "005374c1050254015401",
    "invalid UTF-8": "005377a102c328", "size beyond the end": "005377b1ffffffff41", "array of the void": "005377f0ffffffff7fffffff40",
    "count without bytes": "005377d000000004ffffffff", "trailing byte": "005375a0017841", "list shorter than its size": "005377c0ff0141",
}


@attack("P6 poison of every kind is rejected amqp:decode-error, never stored, never passed on")
def p6(port):
    client = amqp.Client(port)
    sender = client.sender("queue/bad")
    bomb = b"\x00\x53\x77" + b"\x00\x80\x00\x00\x00\x00\x00\x00\x00\x01" * 20000 + b"\x40"
    lists = b"\x40"
    for _ in range(3000):
        lists = b"\xd0" + struct.pack(">II", len(lists) + 4, 1) + lists
    poisons = {name: bytes.fromhex(text) for name, text in POISON.items()}
    poisons |= {"descriptor bomb": bomb, "list bomb": b"\x00\x53\x77" + lists, "nested descriptors": b"\x00" * 60000}
    check(len(poisons) >= 13, "kinds of poison")
    events = client.sender("events")
    for name, poison in poisons.items():
        for link in (sender, events):
            outcome = client.publish(link, poison)
            equal((outcome.code, outcome.condition), (amqp.REJECTED, "amqp:decode-error"), f"{name} to {link.address}")
    for number, poison in enumerate(poisons.values()):  # settled beforehand: by the end of the link (design §15)
        link = client.sender(("queue/bad", "events")[number % 2])
        client.send(link, poison, settled=True)
        client.wait(lambda link=link: link.detached, "detach")
        equal(link.detached[0], "amqp:decode-error", "settled poison")
    equal(client.publish(sender, amqp.data_message(b"fine")).code, amqp.ACCEPTED)
    event = harness.kuvert(text="fine")
    equal(client.publish(events, amqp.data_message(harness.encoded(event), "application/json")).code, amqp.ACCEPTED)
    for address, fine in (("queue/bad", b"fine"), ("sub/alt", harness.encoded(event))):
        receiver = client.receiver(address, credit=100)
        equal(amqp.section(client.take(receiver).message, 0x75), fine, "the first to arrive")
        client.flow(receiver, 100, drain=True)
        client.wait(lambda receiver=receiver: receiver.drained, "drain")
        check(not receiver.inbox, "nothing else is stored")
    client.close()


@attack("P8 a transaction coordinator is refused amqp:not-implemented")
def p8(port):
    client = amqp.Client(port)
    link = client._link("coordinator", "tx", True)
    client.pipe.write(frame(performative(ATTACH, "tx", uint(link.handle), False, None, None, Described(SOURCE, []),
                                         Described(COORDINATOR, [Symbol("amqp:local-transactions")]), None, None, uint(0))))
    try:
        client.wait(lambda: link.detached, "refusal")
        equal(link.detached[0], "amqp:not-implemented")
        client.close()
    except amqp.ProtocolError as refused:
        check("not-implemented" in str(refused), refused)


@attack("P9 half-open connections are all closed when the handshake time is over", door={"handshake_timeout": "1s"})
def p9(port):
    pipes = []
    for number in range(300):
        pipe = amqp.Pipe(port)
        pipe.write((b"", b"A", amqp.SASL_HEADER, amqp.SASL_HEADER + b"\x00\x00", amqp.AMQP_HEADER)[number % 5])
        pipes.append(pipe)
    deadline = time.monotonic() + 6
    for number, pipe in enumerate(pipes):
        check(pipe.ended(max(0.01, deadline - time.monotonic())), f"half-open connection {number} is still open")
        pipe.close()


@attack("P10 performatives with symbolic descriptors are understood or refused, never left hanging")
def p10(port):
    pipe = amqp.Pipe(port)
    init = amqp.encode(Described(Symbol("amqp:sasl-init:list"), [Symbol("ANONYMOUS")]))
    opened = amqp.encode(Described(Symbol("amqp:open:list"), ["symbolic"]))
    closed = amqp.encode(Described(Symbol("amqp:close:list"), []))
    pipe.write(amqp.SASL_HEADER + frame(init, kind=1) + amqp.AMQP_HEADER + frame(opened) + frame(closed))
    check(pipe.ended(8), "it hangs")


@attack("P11 SASL offers only what is configured, and wrong secrets do not get in")
def p11(port):
    pipe = amqp.Pipe(port)
    pipe.write(amqp.SASL_HEADER)
    equal(pipe.read_exactly(8, time.monotonic() + 5), amqp.SASL_HEADER)
    offered = amqp.decode(pipe.read_frame()[2])[0].value[0]
    check(set([offered] if isinstance(offered, str) else offered) <= {"ANONYMOUS", "PLAIN"}, offered)
    pipe.close()
    for user, password in (("", ""), ("findes", "ikke"), ("a\0b", "c"), ("x" * 300, "y"), ("anonymous", "anonymous")):
        try:
            amqp.Client(port, user=user, password=password)
            raise AssertionError(f"{user!r} got in")
        except ENDINGS:
            pass
    for mechanism in ("EXTERNAL", "CRAM-MD5", "", "X" * 40):
        ends(amqp.Pipe(port), amqp.SASL_HEADER + frame(performative(SASL_INIT, Symbol(mechanism), b""), kind=1), mechanism)


@attack("P12 a begin that answers a session never begun is refused")
def p12(port):
    ends(handshake(port), frame(begin(ushort(0)), channel=1) + frame(performative(END), channel=1) + frame(performative(END)))


@attack("P13 nothing but SASL passes before SASL has ended")
def p13(port):
    for data in (frame(performative(OPEN, "early")), frame(performative(OPEN, "early"), kind=1), frame(b"", kind=0),
                 frame(performative(SASL_INIT, Symbol("ANONYMOUS"))), amqp.AMQP_HEADER + frame(performative(OPEN, "early"))):
        ends(amqp.Pipe(port), amqp.SASL_HEADER + data)
    ends(amqp.Pipe(port), amqp.AMQP_HEADER + frame(performative(OPEN, "without SASL")))


@attack("P14 ten thousand pipelined sessions and links do not stop the engine")
def p14(port):
    pipe = sending(port)
    pipe.socket.settimeout(30)
    pair = frame(begin(), channel=1) + frame(attach_sender("x"), channel=1) + frame(performative(DETACH, uint(0), True), channel=1)
    data = (pair + frame(performative(END), channel=1)) * 2500
    reader = threading.Thread(target=lambda: pipe.ended(30), daemon=True)
    reader.start()
    try:
        pipe.write(data)
        pipe.write(frame(performative(CLOSE)))
    except OSError:
        pass
    reader.join(35)
    check(not reader.is_alive(), "no end")


@attack("P15 a second sasl-init ends the connection")
def p15(port):
    init = frame(performative(SASL_INIT, Symbol("ANONYMOUS")), kind=1)
    ends(amqp.Pipe(port), amqp.SASL_HEADER + init + init)
    ends(amqp.Pipe(port), amqp.SASL_HEADER + init * 20000)


@attack("P16 the same wide disposition for ever costs others nothing")
def p16(port):
    client = amqp.Client(port)
    sender, receiver = client.sender("queue/bad"), client.receiver("queue/bad", credit=1000)
    for _ in range(1000):
        client.send(sender, amqp.data_message(b"x"))
    client.wait(lambda: len(receiver.inbox) == 1000, "a thousand unsettled")
    received = Described(amqp.RECEIVED, [uint(0), ulong(0)])
    data = frame(performative(DISPOSITION, True, uint(0), uint(999), False, received)) * 20000
    try:
        client.pipe.socket.settimeout(20)
        client.pipe.write(data)
    except OSError:
        pass
    client.drop()


# -- others --------------------------------------------------------------------------------------------------------------------------------
@attack("dispositions for deliveries that never were are ignored or refused")
def unknown_deliveries(port):
    accepted = Described(amqp.ACCEPTED, [])
    for first, last in ((5, 5), (0, 0xFFFFFFFF), (0xFFFFFFF0, 0xFFFFFFFF), (7, 3), (0, 1 << 20)):
        for role in (True, False):
            survives(port, frame(performative(DISPOSITION, role, uint(first), uint(last), True, accepted)), (first, last))


@attack("absurd frame sizes, offsets, channels and handles end only their own connection")
def absurd_numbers(port):
    for data in (b"\xff\xff\xff\xff\x02\x00\x00\x00", b"\x00\x00\x00\x07\x02\x00\x00\x00", b"\x00\x00\x00\x00\x02\x00\x00\x00",
                 b"\x00\x00\x00\x10\xff\x00\x00\x00" + bytes(8), b"\x00\x00\x00\x10\x01\x00\x00\x00" + bytes(8), frame(b"", kind=7) * 2,
                 frame(begin(), channel=65535), frame(attach_sender("x", 0xFFFFFFFF)), frame(attach_sender("x", 70000)),
                 frame(performative(FLOW, uint(0), uint(0), uint(0), uint(0), uint(99), uint(0), uint(5))),
                 frame(performative(TRANSFER, uint(88), uint(0), b"t")), frame(performative(DETACH, uint(12))), frame(performative(END), 9),
                 frame(performative(TRANSFER, uint(0), uint(5), b"t" * 33) + b"x"), frame(performative(OPEN, "again")), frame(begin())):
        pipe = sending(port)
        try:
            pipe.write(data)
            pipe.socket.shutdown(1)
        except OSError:
            pass
        check(pipe.ended(10), f"hangs after {data[:16].hex()}")


@attack("wrong types, missing and surplus fields in performatives end only their own connection")
def wrong_types(port):
    rng = random.Random(11)
    values = [None, True, 5, -1, 1.5, b"x", "x" * 300, Symbol("x"), [1, [2, [3]]], {"a": 1}, uint(0), uint(0xFFFFFFFF), ulong(2**64 - 1), ushort(9),
              Described(SOURCE, []), Described(99, [1]), Described("x", {}), amqp.Coded(b"\xe0\x03\x01\x50\x07"), amqp.Coded(b"\xff"), amqp.Coded(b"")]
    for code in (*range(0x10, 0x19), 0x40, 0x41, 0x44, 0x55, 0x1D, 0x24):
        for _ in range(12):
            fields = [rng.choice(values) for _ in range(rng.randrange(0, 18))]
            pipe = sending(port)
            try:
                pipe.write(frame(amqp.encode(Described(code, fields)) + (b"x" * 50 if rng.random() < 0.3 else b"")))
                pipe.socket.shutdown(1)
            except OSError:
                pass
            check(pipe.ended(10), f"hangs after performative 0x{code:x}")


@attack("endless nesting in a performative is refused")
def nesting(port):
    deep = b"\x40"
    for _ in range(2000):
        deep = b"\xd0" + struct.pack(">II", len(deep) + 4, 1) + deep
    described = b"\x00\x53\x01" * 15000 + b"\x40"
    for bomb in (deep, described):
        properties = amqp.Coded(bomb)
        ends(sending(port), frame(performative(ATTACH, "n", uint(3), False, None, None, Described(SOURCE, []), Described(TARGET, ["queue/bad"]),
                                               None, None, uint(0), None, None, None, properties)))


@attack("a peer that never reads does not hold up the others, nor fill the memory", rss_mib=64)
def never_reads(port):
    writer = amqp.Client(port)
    sender = writer.sender("queue/bad")
    for _ in range(60):
        equal(writer.publish(sender, amqp.data_message(bytes(1 << 18))).code, amqp.ACCEPTED)
    deaf = handshake(port)
    deaf.write(frame(attach_receiver()) + frame(performative(FLOW, uint(0), uint(1 << 20), uint(0), uint(1 << 20), uint(0), uint(0), uint(60))))
    echo = handshake(port)  # asks for echo for ever and reads nothing
    echo.socket.settimeout(2)
    try:
        for _ in range(200):
            echo.write(frame(performative(FLOW, uint(0), uint(9), uint(0), uint(9), None, None, None, None, None, True)) * 500)
    except OSError:
        pass
    for _ in range(20):
        equal(writer.publish(sender, amqp.data_message(b"others go on")).code, amqp.ACCEPTED)
    deaf.close()
    echo.close()
    receiver = writer.receiver("queue/bad", credit=100)
    got = [writer.take(receiver, seconds=20) for _ in range(80)]
    equal(sum(len(one.message) > 1 << 18 for one in got), 60, "what the deaf one held came back")
    writer.drop()


@attack("a sender that ignores its credit is stopped")
def ignores_credit(port):
    pipe = handshake(port)
    pipe.write(frame(attach_sender()))
    body = amqp.data_message(b"x")
    frames = b"".join(transfer(uint(0), uint(number), struct.pack(">I", number), uint(0), True, payload=body) for number in range(200000))
    pipe.socket.settimeout(20)
    try:
        pipe.write(frames)
        pipe.socket.shutdown(1)
    except OSError:
        return
    check(pipe.ended(20), "two hundred thousand transfers on a thousand credits are taken")


@attack("handles, sessions and links beyond the limits are refused", rss_mib=60)
def too_many(port):
    pipe = handshake(port)
    pipe.socket.settimeout(20)
    try:
        pipe.write(b"".join(frame(attach_sender(f"n{number}", number)) for number in range(3000)))
        pipe.socket.shutdown(1)
    except OSError:
        pass
    check(pipe.ended(20), "three thousand links on one session")
    pipe = handshake(port)
    try:
        pipe.write(b"".join(frame(begin(), channel=number) for number in range(1, 3000)))
        pipe.socket.shutdown(1)
    except OSError:
        pass
    check(pipe.ended(20), "three thousand sessions")


@attack("thousands of connections that come and go leave nothing behind", seconds=120)
def churn(port):
    for _ in range(1500):
        pipe = sending(port)
        pipe.write(transfer(uint(0), uint(0), b"t", uint(0), False, True, payload=b"\x00\x53\x75\xb0\x00\x10\x00\x00"))
        pipe.close()


@attack("what is sent before SASL has ended is bounded in bytes, frames and time", door={"handshake_timeout": "1s"})
def before_sasl(port):
    ends(amqp.Pipe(port), amqp.SASL_HEADER + frame(b"", kind=1) * 50)
    ends(amqp.Pipe(port), amqp.SASL_HEADER + struct.pack(">IBBH", 60000, 2, 1, 0) + bytes(59992))
    ends(amqp.Pipe(port), b"A" * 100000)
    slow = amqp.Pipe(port)
    slow.write(amqp.SASL_HEADER + frame(performative(SASL_INIT, Symbol("PLAIN"), b"\0a\0b"), kind=1)[:9])
    check(slow.ended(6), "half a sasl-init for ever")


if __name__ == "__main__":
    harness.main()
