"""Producers and consumers for the tests that kill the daemon: each a process of its own with a log of what it saw, and verify(), which
holds the logs against the promises (design §2). They reconnect for ever; the daemon's port is read anew from its port file."""
import bisect
import collections
import hashlib
import multiprocessing
import os
import random
import time
import uuid

import amqp_raw as amqp
import harness

SUBSCRIPTION, QUEUE = "alle", "poster"
ORDERED, UNORDERED, PLAIN = "o", "u", "q"
OBJECTS_EACH, WINDOW, CREDIT = 24, 64, 60
LOST = (OSError, amqp.ProtocolError, amqp.DeadlinePassed, AssertionError)


def settings():
    """What the bus under load is configured with."""
    return {"subscriptions": [harness.subscription(SUBSCRIPTION)], "queues": [QUEUE]}


def body_size(rng):
    return int(256 * 2 ** rng.uniform(0, 8))  # 256 B to 64 KiB, small ones oftener


class Message:
    """What a producer has sent and not yet got accepted. The name rides in message-id: kind, key, number, producer."""

    def __init__(self, kind, key, number, rng, size=None, authority="29189439", type_name=harness.POST):
        self.kind = kind
        self.name = f"{kind}:{key}:{number}"
        letters = rng.randbytes((size or body_size(rng)) // 2).hex()
        if kind == PLAIN:
            body, content_type = letters.encode(), "text/plain"
        else:
            event = harness.kuvert(key if kind == ORDERED else None, authority, letters, str(uuid.UUID(bytes=rng.randbytes(16))), type_name)
            body, content_type = harness.encoded(event), "application/json"
        properties = amqp.encode(amqp.Described(0x73, [self.name, None, None, None, None, None, amqp.Symbol(content_type)]))
        self.bare = properties + b"\x00\x53\x75" + amqp._variable(0xA0, body)
        self.bytes = amqp.encode(amqp.Described(0x70, [True])) + self.bare
        self.digest = hashlib.sha1(self.bare).hexdigest()


class Clock:
    """Counters that the test reads while the processes run."""

    def __init__(self):
        self.accepted = multiprocessing.Value("L", 0)
        self.consumed = multiprocessing.Value("L", 0)
        self.finish = multiprocessing.Event()  # producers send nothing new
        self.stop = multiprocessing.Event()    # consumers end


def connect(port_file, clock, stop):
    while not stop.is_set():
        try:
            port = int(open(port_file, encoding="ascii").read())
            return amqp.Client(port, seconds=20)
        except (ValueError, *LOST):
            time.sleep(0.005)  # between two tries to reach a daemon that is starting
    return None


def producer(number, seed, port_file, log_folder, clock):
    rng = random.Random(seed)
    objects = [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(OBJECTS_EACH)]
    numbers = collections.Counter()
    waiting = collections.OrderedDict()  # name -> Message, in the order of first sending
    log = open(os.path.join(log_folder, f"producer{number}"), "w", encoding="ascii", buffering=1 << 16)

    def make():
        kind = rng.choices([ORDERED, UNORDERED, PLAIN], [70, 15, 15])[0]
        key = rng.choice(objects) if kind == ORDERED else f"p{number}"
        numbers[kind, key] += 1
        message = Message(kind, key, numbers[kind, key], rng)
        log.write(f"sent {message.name} {message.digest}\n")
        waiting[message.name] = message
        return message

    def outcomes(links, flying):
        for link in links.values():
            for delivery, outcome in list(link.outcomes.items()):
                del link.outcomes[delivery]
                message = flying.pop((link, delivery))
                if outcome.code == amqp.ACCEPTED:
                    waiting.pop(message.name)
                    log.write(f"accepted {message.name} {message.digest}\n")
                    with clock.accepted.get_lock():
                        clock.accepted.value += 1
                else:
                    log.write(f"refused {message.name} {outcome.code} {outcome.condition} {outcome.text}\n")
                    raise amqp.ProtocolError("refused")  # all that waits is sent again, in order, on a new connection

    while True:
        client = connect(port_file, clock, clock.stop)
        if client is None:
            break
        try:
            links = {PLAIN: client.sender(f"queue/{QUEUE}")}
            links[ORDERED] = links[UNORDERED] = client.sender("events")
            flying = {}
            unsent = collections.deque(waiting.values())
            for message in unsent:
                log.write(f"again {message.name}\n")
            while not (clock.finish.is_set() and not waiting):
                while len(flying) < WINDOW and (unsent or not clock.finish.is_set()):
                    message = unsent.popleft() if unsent else make()
                    flying[links[message.kind], client.send(links[message.kind], message.bytes)] = message
                    client.handle_buffered()
                    outcomes(links, flying)
                if flying:
                    client.pump(time.monotonic() + 20)
                    client.handle_buffered()
                    outcomes(links, flying)
            client.close()
            break
        except LOST:
            client.drop()
    log.close()


Receipt = collections.namedtuple("Receipt", "name digest count first")


def receipt_of(message):
    """What a delivery's bytes tell: the name that the producer gave, digest of the bare message, delivery-count, first-acquirer."""
    parts = amqp.sections(message)
    start = next(at for code, at, _ in parts if code >= 0x73)
    properties = amqp.decode(message, start)[0]
    header = (amqp.decode(message, 0)[0].value if parts[0][0] == 0x70 else []) + [None] * 5
    name = properties.value[0] if properties.descriptor == 0x73 and properties.value else None
    return Receipt(name, hashlib.sha1(message[start:]).hexdigest(), header[4] or 0, bool(header[3]))


def consumer(number, port_file, log_folder, clock):
    log = open(os.path.join(log_folder, f"consumer{number}"), "w", encoding="ascii", buffering=1 << 16)

    def note(delivery):
        seen = receipt_of(delivery.message)
        log.write(f"{time.monotonic_ns()} {seen.name} {seen.digest} {seen.count} {int(seen.first)}\n")

    while not clock.stop.is_set():
        client = connect(port_file, clock, clock.stop)
        if client is None:
            break
        try:
            links = [client.receiver(f"sub/{SUBSCRIPTION}", credit=CREDIT)]
            if number == 0:  # a plain queue with one consumer keeps its order
                links.append(client.receiver(f"queue/{QUEUE}", credit=CREDIT))
            while not clock.stop.is_set():
                if not any(link.inbox for link in links):
                    try:
                        client.pump(time.monotonic() + 0.2)
                    except amqp.DeadlinePassed:
                        continue
                client.handle_buffered()
                for link in links:
                    if link.detached:
                        raise amqp.ProtocolError("detached")
                    while link.inbox:
                        delivery = link.inbox.popleft()
                        note(delivery)
                        client.settle(delivery)
                        with clock.consumed.get_lock():
                            clock.consumed.value += 1
                    if link.granted < CREDIT // 2:
                        client.flow(link, CREDIT)
            client.close()
        except LOST:
            client.drop()
    log.close()


class Load:
    """4 producers and 2 consumers on one bus."""

    def __init__(self, bus, folder, rng, producers=4, consumers=2):
        self.folder, self.clock = folder, Clock()
        context = multiprocessing.get_context("fork")
        self.producers = [context.Process(target=producer, args=(n, rng.getrandbits(32), bus.port_file, folder, self.clock), daemon=True)
                          for n in range(producers)]
        self.consumers = [context.Process(target=consumer, args=(n, bus.port_file, folder, self.clock), daemon=True)
                          for n in range(consumers)]
        for process in self.producers + self.consumers:
            process.start()

    def accepted(self):
        return self.clock.accepted.value

    def consumed(self):
        return self.clock.consumed.value

    def drain(self, seconds=90):
        """Producers get the rest accepted, consumers take all there is; then everybody ends."""
        self.clock.finish.set()
        deadline = time.monotonic() + seconds
        for process in self.producers:
            process.join(max(0.1, deadline - time.monotonic()))
            harness.check(process.exitcode == 0, f"a producer did not get its last messages accepted (exit {process.exitcode})")
        wanted = self.accepted()
        with_progress = [self.consumed(), time.monotonic()]

        def quiet():  # all taken, or nothing has come for 3 s although it should: verify() then names what is missing
            if self.consumed() != with_progress[0]:
                with_progress[:] = [self.consumed(), time.monotonic()]
            return time.monotonic() - with_progress[1] > (0.5 if self.consumed() >= wanted else 3)

        harness.eventually(quiet, seconds, "consumers have drained")
        self.end()

    def end(self):
        self.clock.finish.set()
        self.clock.stop.set()
        for process in self.producers + self.consumers:
            process.join(25)
            if process.is_alive():
                process.kill()
                process.join()


Verdict = collections.namedtuple("Verdict", "accepted lost altered foreign disordered duplicates unmarked refused examples")


def verify(folder):
    """What the logs say. lost, altered, foreign and disordered must be 0; `unmarked` counts second deliveries that look like first ones."""
    sent, again, accepted, refused = {}, set(), set(), []
    for name in sorted(os.listdir(folder)):
        if name.startswith("producer"):
            for line in open(os.path.join(folder, name), encoding="ascii", errors="replace"):
                words = line.split()
                if words[0] == "sent":
                    sent[words[1]] = words[2]
                elif words[0] == "accepted":
                    accepted.add(words[1])
                elif words[0] == "again":
                    again.add(words[1])
                else:
                    refused.append(line.strip())
    receipts = []
    for name in sorted(os.listdir(folder)):
        if name.startswith("consumer"):
            for line in open(os.path.join(folder, name), encoding="ascii"):
                stamp, message, digest, count, first = line.split()
                receipts.append((int(stamp), message, digest, int(count), first == "1"))
    receipts.sort()
    seen, altered, foreign, disordered, duplicates, unmarked, examples = {}, 0, 0, 0, 0, 0, []
    highest = collections.defaultdict(list)  # key -> numbers in the order of first receipt, which must be ascending
    for _, name, digest, count, first in receipts:
        if name not in sent:
            foreign += 1
        elif sent[name] != digest:
            altered += 1
            examples.append(f"altered {name}")
        if name in seen:
            duplicates += 1
            if first and count == 0 and not (name[0] == PLAIN and name in again):  # sent twice, and plain queues know no dedup
                unmarked += 1
                examples.append(f"unmarked {name}")
            continue
        seen[name] = True
        kind, key, number = name.split(":")
        if kind != UNORDERED:
            numbers = highest[kind, key]
            if numbers and numbers[-1] > int(number):
                disordered += 1
                examples.append(f"{name} after {numbers[-1]}")
            bisect.insort(numbers, int(number))
    lost = accepted - seen.keys()
    examples += [f"lost {name}" for name in sorted(lost)[:5]]
    return Verdict(len(accepted), len(lost), altered, foreign, disordered, duplicates, unmarked, len(refused), (examples + refused)[:12])
