"""Who plays in the soak: publishers, and consumers of every temper. Each is a thread with a connection of its own that it makes anew for
ever, and reports to the ledger; what it does is decided by its own seed."""
import collections
import random
import struct
import threading
import time
import uuid

import amqp_raw as amqp
import attacks
import conversations
import load
from harness import MUNICIPALITIES, POST, SAG

HEARTBEAT, PATIENCE = 15, 60
WIDE, ONE_AUTHORITY, ONE_KIND, PRESETTLED, PICKY = "bredt", "en-kommune", "en-type", "hastig", "kraesen"
SMALL, LARGE = "smaa", "store"
PLAIN_QUEUES = (SMALL, LARGE)


class Stage:
    """What all share."""

    def __init__(self, bus, ledger, seed, rate):
        self.bus, self.ledger, self.seed, self.rate = bus, ledger, seed, rate
        self.over, self.quiet = threading.Event(), threading.Event()  # quiet: nothing new is sent, and everybody is quick and kind
        self.unit = 60.0  # seconds; everything that happens now and then is told in it


class Actor(threading.Thread):
    def __init__(self, stage, name):
        super().__init__(name=name, daemon=True)
        self.stage, self.ledger = stage, stage.ledger
        self.rng = random.Random(f"{stage.seed}/{name}")

    def run(self):
        while not self.stage.over.is_set():
            client = load.connect(self.stage.bus.port_file, None, self.stage.over)
            if client is None:
                break
            self.heard = time.monotonic()
            try:
                self.play(client)
                client.close()
            except load.LOST:
                self.ledger.counts["connections_lost"] += 1
                client.drop()
                self.stage.over.wait(0.1)
            except BaseException as error:  # the test itself is wrong: say so instead of playing on with one less
                self.ledger.fault(f"{self.name}: {error!r}")
                raise

    def pump(self, client, until):
        """Handles what comes until then, and lets the bus hear that this client lives."""
        if time.monotonic() - self.heard > HEARTBEAT:
            client.pipe.write(amqp.frame(b""))
            self.heard = time.monotonic()
        try:
            client.pump(min(until, time.monotonic() + 0.5))
        except amqp.DeadlinePassed:
            pass
        client.handle_buffered()

    def some_time(self, units):
        """A moment within so many units, half of it at least."""
        return time.monotonic() + self.rng.uniform(0.5, 1) * units * self.stage.unit


class Publisher(Actor):
    """Events of its own objects and messages to plain queues, one of each lane under way at a time."""

    def __init__(self, stage, number, rate):
        super().__init__(stage, f"publisher{number}")
        self.rate, self.numbers, self.waiting = rate, collections.Counter(), {}
        made = [str(uuid.UUID(int=self.rng.getrandbits(128), version=4)) for _ in range(16)]
        authorities = [cvr for name, cvr in MUNICIPALITIES.items() if name != "jammerbugt"]  # that one is the hostile clients'
        self.lanes = [(load.ORDERED, key, self.rng.choice(authorities), self.rng.choice((POST, SAG))) for key in made]
        self.lanes += [(load.UNORDERED, f"{self.name}-{n}", self.rng.choice(authorities), POST) for n in range(2)]
        self.lanes += [(load.PLAIN, f"{queue}-{number}", None, None) for queue in PLAIN_QUEUES]

    def is_idle(self):
        return not self.waiting

    def make(self, lane):
        kind, key, authority, type_name = lane
        self.numbers[lane] += 1
        if kind == load.PLAIN:
            size = self.rng.randrange(1 << 16, 1 << 19) if key.startswith(LARGE) else None
            message, sinks = load.Message(kind, key, self.numbers[lane], self.rng, size=size), [key.split("-")[0]]
        else:
            message = load.Message(kind, key, self.numbers[lane], self.rng, authority=authority, type_name=type_name)
            sinks = [WIDE, PRESETTLED] + [ONE_AUTHORITY] * (authority == MUNICIPALITIES["hjoerring"]) + [ONE_KIND] * (type_name == SAG)
            sinks += [PICKY] * (authority in (MUNICIPALITIES["laesoe"], MUNICIPALITIES["frederikshavn"]))
        self.ledger.sent(message.name, message.digest, sinks)
        return message

    def outcomes(self, client, flying):
        for link in client.links:
            for delivery, outcome in list(link.outcomes.items()):
                del link.outcomes[delivery]
                lane, _ = flying.pop((link, delivery))
                if outcome.code == amqp.ACCEPTED:
                    self.ledger.accepted(self.waiting.pop(lane).name)
                elif outcome.code in (amqp.RELEASED, None) or outcome.condition == "amqp:resource-limit-exceeded":
                    self.ledger.counts["released"] += 1
                    raise amqp.ProtocolError("released")  # sent again on a new connection
                else:
                    self.ledger.fault(f"{self.name}: {self.waiting[lane].name} is refused: {outcome}")
                    self.waiting.pop(lane)

    def play(self, client):
        links = {queue: client.sender(f"queue/{queue}") for queue in PLAIN_QUEUES} | {"events": client.sender("events")}
        flying, unsent = {}, list(self.waiting)
        for lane in unsent:
            self.ledger.again(self.waiting[lane].name)
        following, until = time.monotonic(), self.some_time(4)
        while not self.stage.over.is_set():
            now = time.monotonic()
            oldest = min((began for _, began in flying.values()), default=now)
            if now - oldest > PATIENCE:
                self.ledger.fault(f"{self.name}: no outcome within {PATIENCE} s")
                raise amqp.ProtocolError("no outcome")
            is_leaving = now > until
            lane = None
            if unsent:
                lane = unsent.pop()
            elif now >= following and not is_leaving and not self.stage.quiet.is_set():
                lane = self.choose()
                following = max(following, now - 1) + self.rng.expovariate(self.rate)
            if lane:
                message = self.waiting[lane] = self.waiting.get(lane) or self.make(lane)
                link = links[lane[1].split("-")[0] if lane[0] == load.PLAIN else "events"]
                flying[link, client.send(link, message.bytes)] = (lane, now)
                client.handle_buffered()
            elif is_leaving and not flying:
                return
            else:
                self.pump(client, max(following, now + 0.02))
            self.outcomes(client, flying)

    def choose(self):
        """A lane with nothing under way; large ones seldom."""
        free = [lane for lane in self.lanes if lane not in self.waiting]
        weights = [1 if lane[1].startswith(LARGE) else 12 for lane in free]
        return self.rng.choices(free, weights)[0] if free else None


def readable(message):
    """None: this small client cannot read it, so it is a hostile client's. If it was one of ours and altered, that one is missing."""
    try:
        return load.receipt_of(message)
    except (ValueError, LookupError, struct.error, StopIteration, amqp.ProtocolError):
        return None


class Consumer(Actor):
    """Takes and accepts. Without a sink it only takes away."""
    credit, presettled = 60, False

    def __init__(self, stage, address, sink=None, number=0):
        super().__init__(stage, f"{type(self).__name__.lower()} of {address} {number}")
        self.address, self.sink = address, sink

    def play(self, client):
        link = client.receiver(self.address, credit=self.credit, settle_mode=amqp.ubyte(1) if self.presettled else None)
        until = self.some_time(6)
        while not self.stage.over.is_set():
            if time.monotonic() > until and not link.inbox:
                return
            if not link.inbox:
                self.pump(client, time.monotonic() + 0.5)
            if link.detached:
                raise amqp.ProtocolError(f"detached: {link.detached}")
            while link.inbox:
                delivery = link.inbox.popleft()
                receipt = self.sink and readable(delivery.message)
                if receipt and self.ledger.saw(self.sink, receipt):
                    self.treat(client, delivery, receipt.name)
                elif not self.presettled:
                    client.settle(delivery)
            if link.granted < self.credit // 2:
                client.flow(link, self.credit)

    def treat(self, client, delivery, name):
        if not self.presettled:
            client.settle(delivery)
        self.ledger.received(self.sink, name)


class Presettled(Consumer):
    presettled = True


class Dying(Consumer):
    """Now and then holds what it gets, then is gone without a word."""

    def __init__(self, *words):
        super().__init__(*words)
        self.held, self.dies_at = 0, self.some_time(1)

    def play(self, client):
        self.held = 0  # what an earlier connection held has gone back
        super().play(client)

    def treat(self, client, delivery, name):
        if time.monotonic() < self.dies_at or self.stage.quiet.is_set():
            return super().treat(client, delivery, name)
        self.held += 1
        if self.held >= self.rng.randrange(1, 12):
            self.die()
        return None

    def pump(self, client, until):
        super().pump(client, until)
        if self.held and self.stage.quiet.is_set():  # nothing more comes that could be one too many, and others wait for what it holds
            self.die()

    def die(self):
        self.held, self.dies_at = 0, self.some_time(1)
        self.ledger.counts["deaths"] += 1
        raise amqp.ProtocolError("died")


class Slow(Consumer):
    """Little credit, a pause for each, and long ones in which it takes nothing."""
    credit = 5

    def __init__(self, *words):
        super().__init__(*words)
        self.stops_at = self.some_time(2)

    def treat(self, client, delivery, name):
        if time.monotonic() > self.stops_at:
            until = self.some_time(1)
            while time.monotonic() < until and not self.stage.quiet.is_set() and not self.stage.over.is_set():
                self.pump(client, until)
            self.stops_at = self.some_time(2)
        if not self.stage.quiet.is_set():
            self.stage.over.wait(0.01)
        super().treat(client, delivery, name)


class Picky(Consumer):
    """Rejects one in fifty, fails one in ten, releases one in twenty."""

    def treat(self, client, delivery, name):
        luck = self.rng.random()
        if luck < 0.02:
            client.settle(delivery, amqp.REJECTED, [amqp.Described(amqp.ERROR, [amqp.Symbol("test:bad"), "on purpose"])])
        elif luck < 0.12:
            client.settle(delivery, amqp.MODIFIED, [True])
        elif luck < 0.17:
            client.settle(delivery, amqp.RELEASED)
        else:
            return super().treat(client, delivery, name)
        self.ledger.counts["not_taken"] += 1
        return None


class Hostile(Actor):
    """One attack after the other; what it sends is nobody's."""

    def __init__(self, stage, name):
        super().__init__(stage, name)
        self.is_idle = threading.Event()
        self.recordings = conversations.recorded(stage.bus.port)  # before anybody else takes what they send

    def run(self):
        plays = [attacks.p1, attacks.p3, attacks.p12, attacks.p13, attacks.p15, attacks.absurd_numbers, attacks.nesting, attacks.ignores_credit,
                 attacks.too_many, self.half_open, self.deaf, self.come_and_go, *[self.bent] * 8]
        while not self.stage.over.wait(self.rng.uniform(0.02, 0.1) * self.stage.unit):
            self.is_idle.set()
            if self.stage.quiet.is_set():
                continue
            self.is_idle.clear()
            port = self.stage.bus.port
            try:
                self.rng.choice(plays)(port)
            except (OSError, amqp.ProtocolError, amqp.DeadlinePassed):
                pass
            except AssertionError as seen:
                if port == self.stage.bus.port and self.stage.bus.is_alive():
                    self.ledger.fault(f"hostile: {seen}")
            self.ledger.counts["attacks"] += 1

    def bent(self, port):
        for _ in range(20):
            data = conversations.bend(self.rng.choice(self.recordings), self.rng)
            if not conversations.play(port, data) and port == self.stage.bus.port:
                raise AssertionError(f"not ended: {data[:300].hex()}")

    def half_open(self, port):
        pipes = [amqp.Pipe(port) for _ in range(20)]
        for number, pipe in enumerate(pipes):
            pipe.write((b"A", amqp.SASL_HEADER, amqp.AMQP_HEADER)[number % 3])
        for pipe in pipes:
            if not pipe.ended(10):
                raise AssertionError("half-open connection after 10 s")
            pipe.close()

    def deaf(self, port):
        """Grants credit and a window, and never reads."""
        pipe = attacks.handshake(port)
        pipe.write(amqp.frame(attacks.attach_receiver(source=f"queue/{SMALL}/$deadletter")) + amqp.frame(amqp.performative(
            amqp.FLOW, amqp.uint(0), amqp.uint(1 << 20), amqp.uint(0), amqp.uint(1 << 20), amqp.uint(0), amqp.uint(0), amqp.uint(60))))
        self.stage.over.wait(1)
        pipe.close()

    def come_and_go(self, port):
        for _ in range(50):
            pipe = attacks.sending(port)
            pipe.write(attacks.transfer(amqp.uint(0), amqp.uint(0), b"t", amqp.uint(0), False, True, payload=b"\x00\x53\x75\xb0\x00\x10\x00\x00"))
            pipe.close()
