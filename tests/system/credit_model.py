"""Credit, drain and windows (AMQP 1.0 §2.5.6, §2.6.7) of a live daemon against a small model of them, over thousands of random steps: no
difference is allowed. Then those who break the rules, who are detached. VERA_STEPS sets how many steps, VERA_SEED repeats a run."""
import os
import struct
import time

import amqp_raw as amqp
import attacks
import harness
from amqp_raw import DETACH, frame, performative, uint
from attacks import transfer, wait_for
from harness import Bus, case, check, equal, folder

STEPS = int(os.environ.get("VERA_STEPS") or (10_000 if harness.FULL else 1000))
WIDE = 1 << 20


class Model:
    """One queue with one consumer: what must have been delivered. Copies are numbers in the order of publishing."""

    def __init__(self):
        self.ready = []   # ascending: what is given back takes its old place
        self.staged = []  # in this consumer's hands by its credit, held up by its session window
        self.credit = self.count = 0  # link-credit and delivery-count
        self.window = WIDE
        self.is_draining = False

    def flow(self, count, credit, drain):
        """A negative credit: more is under way than the receiver now wants (§2.6.7)."""
        self.credit = count + credit - self.count
        self.is_draining = drain and self.credit > 0

    def serve(self):
        """What is delivered now: as much as queue, credit and window allow, oldest first; a drain uses up the rest of the credit."""
        while self.ready and self.credit > len(self.staged):
            self.staged.append(self.ready.pop(0))
        given = self.staged[:max(0, min(self.credit, self.window))]
        del self.staged[:len(given)]
        self.credit -= len(given)
        self.count += len(given)
        self.window -= len(given)
        if self.is_draining and not self.staged:
            self.count += self.credit
            self.credit, self.is_draining = 0, False
        return given


class Conversation:
    """The client's side of it, and the comparison. One step after the other, each seen through before the next."""

    def __init__(self, bus, queue, rng):
        self.rng, self.model, self.unsettled, self.published = rng, Model(), {}, 0
        self.publisher = amqp.Client(bus.port)
        self.sender = self.publisher.sender(f"queue/{queue}")
        self.consumer = amqp.Client(bus.port)
        self.consumer.renews_window = False
        self.link = self.consumer.receiver(f"queue/{queue}")
        self.barrier = self.consumer.sender("queue/barrier")
        self.steps = {self.publish: 30, self.change_credit: 15, self.stale_credit: 8, self.drain: 10, self.change_window: 10,
                      self.stale_window: 6, self.accept: 15, self.release: 12}

    def publish(self):
        if self.model.is_draining:
            return  # whether a drain that waits for the window takes what comes later is the sender's affair
        for _ in range(self.rng.choice((1, 1, 2, 5, 30))):
            equal(self.publisher.publish(self.sender, amqp.data_message(b"%d" % self.published)).code, amqp.ACCEPTED)
            self.model.ready.append(self.published)
            self.published += 1

    def flow(self, credit, drain=False, behind=0):
        """`behind`: told from a delivery-count of some deliveries ago, as if they were still on their way."""
        count = max(0, self.model.count - behind)
        self.model.window = max(0, self.model.window)
        self.model.flow(count, credit, drain)
        self.consumer.pipe.write(frame(performative(
            amqp.FLOW, uint(self.consumer.next_in), uint(self.model.window), uint(self.consumer.next_out), uint(WIDE), uint(self.link.handle),
            uint(count), uint(credit), None, drain)))

    def change_credit(self):
        self.flow(self.rng.choice((0, 0, 1, 2, 3, 10, 10, 50, 999, 5000, 0x7FFFFFFF)))

    def stale_credit(self):
        self.flow(self.rng.randrange(20), behind=self.rng.randrange(10))

    def drain(self):
        self.flow(self.rng.choice((0, 1, 5, 20, 2000)), drain=True)

    def change_window(self):
        self.window(self.rng.choice((0, 1, 2, 5, 40, WIDE, WIDE)))

    def stale_window(self):
        self.window(self.rng.randrange(20), behind=min(self.consumer.next_in, self.rng.randrange(10)))

    def window(self, window, behind=0):
        self.model.window = window - behind
        self.consumer.pipe.write(frame(performative(amqp.FLOW, uint(self.consumer.next_in - behind), uint(window), uint(self.consumer.next_out),
                                                    uint(WIDE))))

    def accept(self):
        for number in self.rng.sample(sorted(self.unsettled), min(len(self.unsettled), self.rng.choice((1, 3, 20, 100)))):
            self.consumer.settle(self.unsettled.pop(number))

    def release(self):
        """One: of several it is open which is delivered again first."""
        if self.unsettled and not self.model.is_draining:
            number = self.rng.choice(sorted(self.unsettled))
            self.consumer.settle(self.unsettled.pop(number), amqp.RELEASED)
            self.model.ready = sorted([*self.model.ready, number])

    def compare(self, number, what):
        """Waits for what the model delivers; then a message of this connection has gone through the core, and nothing more has come."""
        was_draining, credit_before = self.model.is_draining, self.model.credit
        given = self.model.serve()
        where = f"step {number}, {what}, credit {credit_before}, window left {self.model.window}"
        self.link.drained = False
        try:
            self.consumer.wait(lambda: len(self.link.inbox) >= len(given), "deliveries")
            if was_draining and not self.model.is_draining and self.model.count != self.link.delivery_count:
                self.consumer.wait(lambda: self.link.drained, "the answer to drain")
        except amqp.DeadlinePassed as late:
            raise AssertionError(f"{where}: {late}, {len(self.link.inbox)} of {len(given)} came") from late
        equal(self.consumer.publish(self.barrier, amqp.data_message(b"")).code, amqp.ACCEPTED)
        self.consumer.handle_buffered()
        got = [int(amqp.section(one.message, 0x75)) for one in self.link.inbox]
        equal(got, given, where)
        equal(self.link.delivery_count, self.model.count, f"delivery-count after {where}")
        self.unsettled |= zip(got, self.link.inbox)
        self.link.inbox.clear()

    def play(self, steps):
        for number in range(steps):
            step = self.rng.choices(list(self.steps), list(self.steps.values()))[0]
            step()
            self.compare(number, step.__name__)


@case("system: credit, drain and windows give what a small model of them gives, step by step", seconds=900)
def model_holds():
    rng = harness.seed()
    with folder(in_memory=True) as path, Bus(path, queues=["a", "b", "c", "barrier"]).start() as bus:
        began, published = time.monotonic(), 0
        for queue in "abc":
            conversation = Conversation(bus, queue, rng)
            conversation.play(STEPS // 3)
            published += conversation.published
        print(f"{STEPS} steps, {published} messages, 0 differences, {time.monotonic() - began:.0f} s")


# -- who breaks the rules -----------------------------------------------------------------------------------------------------------------
@case("system: a sender that goes beyond its credit loses that link, with the condition, and what was within its credit is kept")
def beyond_credit():
    with folder(in_memory=True) as path, Bus(path, queues=["a", "b"]).start() as bus:
        client = amqp.Client(bus.port)
        other, sender = client.sender("queue/b"), client.sender("queue/a")
        client.wait(lambda: sender.credit > 0, "credit")
        within, sent = sender.credit, sender.credit + 20
        check(client.remote_window >= sent, f"the session's window of {client.remote_window} ends before the credit")
        client.pipe.write(b"".join(transfer(uint(sender.handle), uint(number), struct.pack(">I", number), uint(0), True, payload=amqp.data_message(b"x"))
                                   for number in range(sent)))
        client.next_delivery = sent
        client.wait(lambda: sender.detached, "detach")
        equal(sender.detached[0], "amqp:link:transfer-limit-exceeded", "condition")
        equal(client.publish(other, amqp.data_message(b"fine")).code, amqp.ACCEPTED, "the other link of this connection")
        kept = bus.queues()["queue/a"]["ready"]
        print(f"credit {within}, {sent} sent, {kept} kept")
        check(within <= kept < sent, f"{kept} of {sent} are kept, credit was {within}")


@case("system: a consumer never gets more than it has credit or window for, however often it asks again")
def never_more():
    with folder(in_memory=True) as path, Bus(path, queues=["a"]).start() as bus:
        publisher = amqp.Client(bus.port)
        sender = publisher.sender("queue/a")
        for _ in range(50):
            equal(publisher.publish(sender, amqp.data_message(b"x" * 1000)).code, amqp.ACCEPTED)
        pipe = attacks.handshake(bus.port)
        pipe.write(frame(attacks.attach_receiver(source="queue/a")))
        wait_for(pipe, amqp.ATTACH)
        # the same credit of 5 told two thousand times, counted from the same delivery-count, with a window of 3
        pipe.write(frame(performative(amqp.FLOW, uint(0), uint(3), uint(0), uint(100), uint(0), uint(0), uint(5), None, None, True)) * 2000)
        for number in range(3):
            equal(wait_for(pipe, amqp.TRANSFER)[1], number, "delivery-id")
        pipe.write(frame(performative(amqp.FLOW, uint(3), uint(100), uint(0), uint(100), uint(0), uint(0), uint(5))))
        for number in range(3, 5):
            equal(wait_for(pipe, amqp.TRANSFER)[1], number, "delivery-id")
        pipe.write(frame(performative(DETACH, uint(0), True)))
        extra = 0
        while True:
            _, _, body = pipe.read_frame()
            described, _ = amqp.decode(body)
            if described.descriptor == DETACH:
                break
            extra += described.descriptor == amqp.TRANSFER
        equal(extra, 0, "deliveries beyond the credit")


if __name__ == "__main__":
    harness.main()
