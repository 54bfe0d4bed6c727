"""Copies that wait for their time, queues that are full or paused, and clocks that somebody sets (F8), through real daemons."""
import json
import os
import struct
import time
import uuid

import amqp_raw as amqp
import harness
from amqp_raw import Described, Symbol
from harness import Bus, Skip, case, check, encoded, equal, eventually, folder, kuvert, subscription, vera

HOUR, DAY = 3_600_000, 86_400_000


def message(body, annotations=None, ttl=None, content_type=None):
    out = amqp.encode(Described(0x70, [True, None, None if ttl is None else amqp.uint(ttl)]))
    if annotations:
        out += amqp.encode(Described(0x72, {Symbol(key): value for key, value in annotations.items()}))
    if content_type:
        out += amqp.encode(Described(0x73, [None] * 6 + [Symbol(content_type)]))
    return out + b"\x00\x53\x75\xb0" + struct.pack(">I", len(body)) + body


def body_of(delivery):
    return amqp.section(delivery.message, 0x75)


def row(bus, name):
    return bus.queues()[name]


def schedule(bus, *words):
    return json.loads(vera("schedule", "ls", "--json", "--url", bus.url, *words).stdout)


def clock(bus):
    return json.loads(vera("clock", "show", "--json", "--url", bus.url).stdout)


@case("time: a scheduled message comes at its time and not before, also when the daemon was killed meanwhile")
def scheduled():
    with folder() as path, Bus(path, queues=["lager"]).start() as bus:
        client = amqp.Client(bus.port)
        sender = client.sender("queue/lager")
        sent = time.monotonic()
        equal(client.publish(sender, message(b"senere", {"x-opt-delivery-delay": 12_000})).code, amqp.ACCEPTED)
        at = int(time.time() * 1000) + 10_000
        equal(client.publish(sender, message(b"til tiden", {"x-opt-delivery-time": at})).code, amqp.ACCEPTED)
        equal(client.publish(sender, message(b"straks", {"x-opt-delivery-time": 1})).code, amqp.ACCEPTED)
        listed = schedule(bus)
        equal(listed["total"], 2, "listed")
        equal([one["queue"] for one in listed["copies"]], ["queue/lager"] * 2)
        check(listed["copies"][0]["readyAt"] < listed["copies"][1]["readyAt"], "earliest first", listed)
        bus.kill()
        bus.start()
        equal(row(bus, "queue/lager")["scheduled"], 2, "after kill -9")
        client = amqp.Client(bus.port, seconds=30)
        receiver = client.receiver("queue/lager", credit=10)
        got = []
        for _ in range(3):
            delivery = client.take(receiver)
            got.append((body_of(delivery), time.monotonic() - sent))
            client.settle(delivery)
        equal([body for body, _ in got], [b"straks", b"til tiden", b"senere"], "in the order in which they were ready")
        check(got[1][1] >= 9.9 and got[2][1] >= 11.9, "not before their time", got)
        eventually(lambda: schedule(bus)["total"] == 0, what="the schedule is empty")
        client.close()


@case("time: a wish for a time that cannot be kept is rejected with the annotation's name")
def bad_schedules():
    with folder() as path, Bus(path, [subscription("alt")], queues=["lager"]).start() as bus:
        client = amqp.Client(bus.port)
        for address, body, kind in (("queue/lager", b"x", None), ("events", encoded(kuvert(str(uuid.uuid4()))), "application/json")):
            sender = client.sender(address)
            for annotations, ttl, part in (({"x-opt-delivery-delay": "5s"}, None, "x-opt-delivery-delay: is not an integer"),
                                           ({"x-opt-delivery-delay": -1}, None, "x-opt-delivery-delay: is negative"),
                                           ({"x-opt-delivery-time": 1 << 62}, None, "x-opt-delivery-time: is more than 366d ahead"),
                                           ({"x-opt-delivery-delay": 5000}, 4000, "x-opt-delivery-delay: the message has expired")):
                outcome = client.publish(sender, message(body, annotations, ttl, kind))
                equal(outcome.condition, "amqp:invalid-field", annotations)
                check(part in outcome.text, "names the annotation", outcome.text)
        equal(row(bus, "queue/lager")["enqueued"], 0)
        client.close()


@case("time: an operator cancels a scheduled event in all its queues, with a reason, for ever")
def cancelled():
    with folder() as path, Bus(path, [subscription("a"), subscription("b")]).start() as bus:
        client = amqp.Client(bus.port)
        sender = client.sender("events")
        for delay in (3_600_000, 3_600_000):
            equal(client.publish(sender, message(encoded(kuvert(str(uuid.uuid4()))), {"x-opt-delivery-delay": delay},
                                                 content_type="application/json")).code, amqp.ACCEPTED)
        copies = schedule(bus)["copies"]
        equal(len(copies), 4)
        equal(len(schedule(bus, "--queue", "a")["copies"]), 2, "by queue")
        refused = vera("schedule", "cancel", str(copies[0]["identity"]), "--url", bus.url, expect=None)
        check(refused.returncode != 0 and "--reason" in refused.stderr, "a reason is wanted", refused.stderr)
        vera("schedule", "cancel", "--event", str(copies[0]["event"]), "--reason", "aflyst", "--url", bus.url)
        left = schedule(bus)["copies"]
        equal(len(left), 2)
        vera("schedule", "cancel", str(left[0]["identity"]), "--reason", "aflyst", "--url", bus.url)
        again = vera("schedule", "cancel", str(left[0]["identity"]), "--reason", "aflyst", "--url", bus.url, expect=1)
        check("no such scheduled copy" in again.stderr, again.stderr)
        bus.kill()
        bus.start()
        equal([one["identity"] for one in schedule(bus)["copies"]], [left[1]["identity"]], "after kill -9")


@case("time: a subscription with deliver_at virkning gets the event when its registration takes effect, others at once")
def at_virkning():
    later = dict(subscription("senere"), deliver_at="virkning")
    with folder() as path, Bus(path, [subscription("straks"), later]).start() as bus:
        event = kuvert(str(uuid.uuid4()), kind=harness.SAG)
        at = time.time() + 12
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03}Z"
        event["Beskeddata"][0]["sag"]["fremdrift"][0]["virkning"] = dict(
            event["Beskeddata"][0]["sag"]["fremdrift"][0]["virkning"], fraTidspunkt={"TidsstempelDatoTid": text})
        bus.publish(event)
        client = amqp.Client(bus.port, seconds=30)
        client.take(client.receiver("sub/straks", credit=1))
        check(time.time() < at, "the machine was too slow for this test")
        equal(row(bus, "senere")["scheduled"], 1)
        client.take(client.receiver("sub/senere", credit=1))
        check(time.time() >= at - 0.01, "not before the virkning")
        client.close()


@case("time: a paused queue takes and gives nothing, over kill -9, until it is resumed")
def paused():
    with folder() as path, Bus(path, [subscription("alt")]).start() as bus:
        vera("queue", "pause", "alt", "--reason", "ombygning", "--url", bus.url)
        bus.publish(kuvert(str(uuid.uuid4())))
        bus.kill()
        bus.start()
        seen = row(bus, "alt")
        equal((seen["paused"], seen["pauseReason"], seen["ready"]), (True, "ombygning", 1))
        check("sub/alt (paused)" in vera("queue", "ls", "--url", bus.url).stdout, "shown")
        status = json.loads(vera("status", "--json", "--url", bus.url).stdout)
        equal(status["pausedQueues"], 1)
        client = amqp.Client(bus.port)
        receiver = client.receiver("sub/alt")
        receiver.drained = False
        client.flow(receiver, 10, drain=True)
        client.wait(lambda: receiver.drained or receiver.granted == 0, "drain")
        equal(len(receiver.inbox), 0, "nothing comes")
        client.flow(receiver, 10)
        vera("queue", "resume", "alt", "--reason", "klar", "--url", bus.url)
        client.take(receiver)
        client.close()


@case("time: a full queue refuses, dead-letters or drops as it is told, and ttl ends in the dead-letter queue")
def full():
    queues = [{"name": "afvis", "limits": {"count": 2, "overflow": "refuse"}}, {"name": "doed", "limits": {"bytes": "1KiB"}},
              {"name": "drop", "limits": {"count": 2, "overflow": "drop_oldest"}}, {"name": "kort", "ttl": "1s"}]
    with folder() as path, Bus(path).start() as bus:
        bus.write_configuration({**bus.settings, "queues": queues})
        bus.stop()
        bus.start()
        client = amqp.Client(bus.port)
        for name, bodies, wanted in (("afvis", [b"1", b"2", b"3"], (2, 0)), ("doed", [b"x" * 600] * 2, (1, 1)),
                                     ("drop", [b"1", b"2", b"3"], (2, 1))):
            sender = client.sender(f"queue/{name}")
            outcomes = [client.publish(sender, message(body)) for body in bodies]
            seen = row(bus, f"queue/{name}")
            equal((seen["ready"], seen["dead"]), wanted, name)
            if name == "afvis":
                equal([one.code for one in outcomes], [amqp.ACCEPTED, amqp.ACCEPTED, amqp.REJECTED])
                equal(outcomes[2].condition, "amqp:resource-limit-exceeded")
                check("queue/afvis is full: limit of count 2" in outcomes[2].text, outcomes[2].text)
        dead = client.take(client.receiver("queue/doed/$deadletter", credit=1))
        equal(amqp.section(dead.message, 0x72).get("x-opt-vera-dead-reason"), "limit")
        equal(client.publish(client.sender("queue/kort"), message(b"kort")).code, amqp.ACCEPTED)
        eventually(lambda: row(bus, "queue/kort")["dead"] == 1, 20, "the ttl has ended it")
        equal(row(bus, "queue/kort")["expired"], 1)
        client.close()


@case("time: a clock that is set by an hour or 400 days, running or between runs, moves no expiry, schedule or dedup", seconds=120)
def clock_steps():
    shim = os.environ.get("VERA_CLOCK_SHIM", "")
    if not os.path.exists(shim):
        raise Skip("the clock shim is not built")
    with folder() as path:
        shift = os.path.join(path, "shift")

        def set_clock(ms):
            with open(shift, "r+b" if os.path.exists(shift) else "wb") as out:
                out.write(struct.pack("<q", ms))

        set_clock(0)
        bus = Bus(path, [subscription("alt")], queues=["lager"], environment={"LD_PRELOAD": shim, "VERA_CLOCK_SHIFT": shift}).start()
        with bus:
            client = amqp.Client(bus.port)
            lager = client.sender("queue/lager")
            equal(client.publish(lager, message(b"udloeber", ttl=30 * 60_000)).code, amqp.ACCEPTED)
            equal(client.publish(lager, message(b"planlagt", {"x-opt-delivery-delay": 30 * 60_000})).code, amqp.ACCEPTED)
            event = kuvert(str(uuid.uuid4()))
            bus.publish(event)
            client.close()

            def unmoved(what):
                seen = row(bus, "queue/lager")
                equal((seen["ready"], seen["scheduled"], seen["dead"], seen["expired"]), (1, 1, 0, 0), what)
                before = row(bus, "alt")["ready"]
                bus.publish(event)
                equal(row(bus, "alt")["ready"], before, f"{what}: the repeated event is known")

            unmoved("before")
            last = clock(bus)["time"]
            steps = 0
            for target in (HOUR, -HOUR, 400 * DAY, -400 * DAY, 0):
                set_clock(target)
                eventually(lambda: abs(clock(bus)["wallAheadMs"] - target) < 2000, what="the step is seen")
                steps += 1
                eventually(lambda: len(clock(bus)["steps"]) == steps, what="the step is recorded")
                unmoved(f"running, {target} ms")
                check(last < clock(bus)["time"], "VeRA time goes on", last, clock(bus)["time"])
                last = clock(bus)["time"]
            for target in (HOUR, -HOUR, 400 * DAY, -400 * DAY, 0):
                bus.kill() if target % (2 * HOUR) else bus.stop()
                set_clock(target)
                bus.start()
                equal(clock(bus)["startedFrom"], "last-run", target)
                check(abs(clock(bus)["wallAheadMs"] - target) < 2000, "not followed", clock(bus))
                unmoved(f"between runs, {target} ms")
                check(last < clock(bus)["time"], "VeRA time goes on", last, clock(bus)["time"])
                last = clock(bus)["time"]
            check("the wall clock was set; VeRA time goes on as before" in bus.log_text(), "logged")
            set_clock(-HOUR)
            eventually(lambda: clock(bus)["wallAheadMs"] < -HOUR + 2000, what="the step is seen")
            back = vera("clock", "adopt", "--reason", "proeve", "--url", bus.url, expect=1)
            check("never goes back" in back.stderr, back.stderr)
            unmoved("not followed back")
            set_clock(HOUR)
            vera("clock", "adopt", "--reason", "uret var forkert", "--url", bus.url)
            eventually(lambda: row(bus, "queue/lager")["expired"] == 1, 30, "on an operator's word the hour has passed")
            eventually(lambda: row(bus, "queue/lager")["scheduled"] == 0, 30, "and the schedule is due")
            equal(clock(bus)["steps"][-1]["reason"], "uret var forkert")
            bus.kill()
            bus.start()
            check(abs(clock(bus)["wallAheadMs"]) < 2000, "adopted over kill -9", clock(bus))


if __name__ == "__main__":
    harness.main()
