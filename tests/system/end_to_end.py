"""Events from publishers to subscribers through one real daemon: routing, order, retry, dead letters, dedup, reload, restart."""
import copy
import json
import os
import signal
import threading
import time
import uuid

import amqp_raw as amqp
import harness
from harness import MUNICIPALITIES, POST, SAG, Bus, case, check, encoded, equal, eventually, folder, id_of, kuvert, subscription, text_of


def event_message(event, **more):
    return amqp.data_message(encoded(event), "application/json", **more)


def body_of(delivery):
    return json.loads(amqp.section(delivery.message, 0x75))


def header_of(delivery):
    return (amqp.section(delivery.message, 0x70) or []) + [None] * 5


def annotations_of(delivery):
    return {str(key): value for key, value in (amqp.section(delivery.message, 0x72) or {}).items()}


def drained(client, link):
    """All that the queue has to give now."""
    link.drained = False
    client.flow(link, 1000, drain=True)
    client.wait(lambda: link.drained or link.granted == 0, "drain")
    got = list(link.inbox)
    link.inbox.clear()
    return got


@case("system: an event published by CLI reaches every subscription that matches, and no other")
def fan_out():
    subscriptions = [subscription("alt"), subscription("sager-hjoerring", types=["vera.sag.v1.*"], authorities=[MUNICIPALITIES["hjoerring"]]),
                     subscription("post-laesoe", types=[POST], authorities=[MUNICIPALITIES["laesoe"]]),
                     subscription("en-sag", objects=["0e7a2b66-92bd-4d34-a4a1-6e0a3c6a53a1"])]
    with folder() as path, Bus(path, subscriptions).start() as bus:
        case_in_hjoerring = kuvert("0e7a2b66-92bd-4d34-a4a1-6e0a3c6a53a1", MUNICIPALITIES["hjoerring"], kind=SAG)
        post_in_laesoe = kuvert(str(uuid.uuid4()), MUNICIPALITIES["laesoe"])
        post_in_hjoerring = kuvert(str(uuid.uuid4()), MUNICIPALITIES["hjoerring"])
        bus.publish(case_in_hjoerring, post_in_laesoe, post_in_hjoerring)
        wanted = {"alt": [case_in_hjoerring, post_in_laesoe, post_in_hjoerring], "sager-hjoerring": [case_in_hjoerring],
                  "post-laesoe": [post_in_laesoe], "en-sag": [case_in_hjoerring]}
        client = amqp.Client(bus.port)
        for name, events in wanted.items():
            got = drained(client, client.receiver(f"sub/{name}"))
            equal(sorted(id_of(body_of(one)) for one in got), sorted(id_of(event) for event in events), name)
            for one in got:
                notes = annotations_of(one)
                equal(notes.get("x-opt-vera-subscription"), name, "annotation")
                check(notes.get("x-opt-vera-sequence", 0) > 0, "sequence", notes)
                equal(header_of(one)[0], True, "durable")
        client.close()


@case("system: `sub tail` looks without taking, and takes with --ack")
def tail_looks_or_takes():
    with folder() as path, Bus(path, [subscription("alt")]).start() as bus:
        events = [kuvert(str(uuid.uuid4()), text=str(number)) for number in range(3)]
        bus.publish(*events)
        for _ in range(2):
            seen = json.dumps(bus.tail("alt", 3))
            check(all(id_of(event) in seen for event in events), "tail shows the three", seen[:400])
        taken = json.dumps(bus.tail("alt", 3, ack=True))
        check(all(id_of(event) in taken for event in events), "tail --ack shows the three")
        client = amqp.Client(bus.port)
        eventually(lambda: not drained(client, client.receiver("sub/alt")), 10, "they are gone")
        client.close()


@case("system: what matches no subscription waits in $unrouted with the reason")
def unrouted():
    with folder() as path, Bus(path, [subscription("kun-laesoe", authorities=[MUNICIPALITIES["laesoe"]])]).start() as bus:
        event = kuvert(str(uuid.uuid4()), MUNICIPALITIES["hjoerring"])
        bus.publish(event)
        client = amqp.Client(bus.port)
        one = client.take(client.receiver("$unrouted", credit=1))
        equal(id_of(body_of(one)), id_of(event))
        reason = annotations_of(one)["x-opt-vera-unrouted"]
        check("kun-laesoe" in reason and "authorities" in reason, "reason", reason)
        client.close()


@case("system: a rejected event is a dead letter at once, with the consumer's reason")
def rejected_is_dead():
    with folder() as path, Bus(path, [subscription("alt")]).start() as bus:
        event = kuvert(str(uuid.uuid4()))
        bus.publish(event)
        client = amqp.Client(bus.port)
        link = client.receiver("sub/alt", credit=5)
        error = amqp.Described(amqp.ERROR, [amqp.Symbol("fagsystem:ukendt-sag"), "no such case here"])
        client.settle(client.take(link), amqp.REJECTED, [error])
        dead = client.take(client.receiver("sub/alt/$deadletter", credit=5))
        equal(body_of(dead), event)
        notes = annotations_of(dead)
        check("reject" in str(notes["x-opt-vera-dead-reason"]), "reason", notes)
        check("no such case here" in str(notes["x-opt-vera-dead-error"]), "error text", notes)
        check("x-opt-vera-dead-at" in notes and notes.get("x-opt-deaths"), "time and deaths", notes)
        check(not link.inbox, "not delivered again")
        client.close()


@case("system: a failed delivery comes back after each backoff, then is a dead letter with its attempts")
def retry_then_dead():
    retry = {"backoff": ["200ms", "400ms"], "attempts": 3}
    with folder() as path, Bus(path, [subscription("alt", retry=retry)]).start() as bus:
        bus.publish(kuvert(str(uuid.uuid4())))
        client = amqp.Client(bus.port)
        link = client.receiver("sub/alt", credit=10)
        times = []
        for attempt in range(3):
            one = client.take(link)
            times.append(time.monotonic())
            equal(header_of(one)[4] or 0, attempt, "delivery-count")
            client.settle(one, amqp.MODIFIED, [True])
        check(times[1] - times[0] >= 0.19 and times[2] - times[1] >= 0.39, "backoff", times)
        dead = client.take(client.receiver("sub/alt/$deadletter", credit=1))
        notes = annotations_of(dead)
        equal(notes.get("x-opt-vera-dead-attempts"), 3, f"attempts in {notes}")
        check(notes.get("x-opt-vera-dead-reason"), notes)
        client.close()


@case("system: a released delivery comes back at once and counts no attempt")
def released_comes_back():
    with folder() as path, Bus(path, [subscription("alt", retry={"backoff": ["1m"], "attempts": 2})]).start() as bus:
        bus.publish(kuvert(str(uuid.uuid4())))
        client = amqp.Client(bus.port)
        link = client.receiver("sub/alt", credit=100)
        for _ in range(10):
            one = client.take(link, seconds=5)
            equal(header_of(one)[4] or 0, 0, "delivery-count")
            client.settle(one, amqp.RELEASED)
        client.settle(client.take(link))
        client.close()


@case("system: the same BeskedId is accepted again without new copies, with other bytes it is rejected vera:id-reused")
def dedup():
    with folder() as path, Bus(path, [subscription("alt")]).start() as bus:
        event = kuvert(str(uuid.uuid4()), text="one")
        client = amqp.Client(bus.port)
        sender = client.sender("events")
        for _ in range(3):
            equal(client.publish(sender, event_message(event)).code, amqp.ACCEPTED)
        changed = copy.deepcopy(event)
        changed["Beskeddata"][0]["CorrelationId"] = "two"
        refused = client.publish(sender, event_message(changed))
        equal((refused.code, refused.condition), (amqp.REJECTED, "vera:id-reused"))
        bus.kill()
        bus.start()  # the window outlives the process
        client = amqp.Client(bus.port)
        sender = client.sender("events")
        equal(client.publish(sender, event_message(event)).code, amqp.ACCEPTED)
        equal(client.publish(sender, event_message(changed)).condition, "vera:id-reused")
        equal(len(drained(client, client.receiver("sub/alt"))), 1, "copies")
        client.close()


@case("system: bad events are rejected with a condition that names the field, and good ones beside them pass")
def refusals():
    with folder() as path, Bus(path, [subscription("alt")], limits={"event": "64KiB"}).start() as bus:
        client = amqp.Client(bus.port)
        sender = client.sender("events")

        def publish(event, **more):
            return client.publish(sender, event_message(event, **more))

        unknown = kuvert(str(uuid.uuid4()))
        unknown["Beskeddata"][0]["@type"] = "type.googleapis.com/vera.findes.v1.Ikke"
        equal(publish(unknown).condition, "vera:schema-unknown")
        missing = kuvert(str(uuid.uuid4()))
        del missing["Beskeddata"][0]["KanalKode"]
        outcome = publish(missing)
        equal(outcome.condition, "vera:schema-invalid")
        check("KanalKode" in outcome.text, "names the field", outcome.text)
        without_id = kuvert(str(uuid.uuid4()))
        del without_id["BeskedId"]
        outcome = publish(without_id)
        equal(outcome.condition, "vera:schema-invalid")
        check("BeskedId" in outcome.text, "names the field", outcome.text)
        outcome = publish(kuvert(str(uuid.uuid4())), properties={"cloudEvents_id": str(uuid.uuid4())})
        equal(outcome.condition, "vera:attribute-mismatch")
        outcome = publish(kuvert(str(uuid.uuid4()), text="2512484916" * 4, besked_id="not-a-uuid"))
        check(outcome.code == amqp.REJECTED and "2512484916" not in outcome.text, "no personal data in the text", outcome)
        equal(client.publish(sender, amqp.data_message(b"{", "application/json")).code, amqp.REJECTED)
        equal(client.publish(sender, amqp.data_message(b"\xff\xff\xff", "application/protobuf")).code, amqp.REJECTED)
        equal(client.publish(sender, b"\x00\x53\x75\xb0\x00\x00\xff\xffA").condition, "amqp:decode-error")
        equal(publish(kuvert(str(uuid.uuid4()))).code, amqp.ACCEPTED)
        equal(len(drained(client, client.receiver("sub/alt"))), 1, "only the good one is stored")
        check("2512484916" not in bus.log_text(), "no personal data in the log")
        client.close()


@case("system: copies of one object go one at a time and in order over competing consumers, other objects beside them")
def order_per_object():
    objects, each = [str(uuid.uuid4()) for _ in range(8)], 40
    with folder() as path, Bus(path, [subscription("alt", retry={"backoff": ["1ms"], "attempts": 1000})]).start() as bus:
        client = amqp.Client(bus.port)
        sender = client.sender("events")
        for number in range(each):
            for thing in objects:
                client.send(sender, event_message(kuvert(thing, text=str(number))))
        client.wait(lambda: len(sender.outcomes) == each * len(objects), "all accepted")
        equal({outcome.code for outcome in sender.outcomes.values()}, {amqp.ACCEPTED})
        consumers = [amqp.Client(bus.port) for _ in range(3)]
        links = [one.receiver("sub/alt", credit=20) for one in consumers]
        expected, in_hand, done, turns = dict.fromkeys(objects, 0), {}, 0, 0
        deadline = time.monotonic() + 40
        while done < each * len(objects):
            check(time.monotonic() < deadline, "stopped at", expected)
            for consumer, link in zip(consumers, links):
                try:
                    consumer.pump(time.monotonic() + 0.01)
                except amqp.DeadlinePassed:
                    pass
                consumer.handle_buffered()
                while link.inbox:
                    one = link.inbox.popleft()
                    event = body_of(one)
                    thing = event["Beskeddata"][0]["MessageUUID"]
                    check(thing not in in_hand, "two copies of one object at a time", thing)
                    equal(int(text_of(event)), expected[thing], "order")
                    in_hand[thing] = (consumer, one)
            for thing, (consumer, one) in list(in_hand.items()):
                turns += 1
                del in_hand[thing]
                if turns % 7 == 0:  # released and failed ones keep their place
                    consumer.settle(one, amqp.RELEASED if turns % 2 else amqp.MODIFIED, [] if turns % 2 else [True])
                else:
                    consumer.settle(one)
                    expected[thing] += 1
                    done += 1
            for consumer, link in zip(consumers, links):
                if link.granted < 10:
                    consumer.flow(link, 20)
        for one in consumers + [client]:
            one.close()


@case("system: after a dead letter the next copy of its object follows, only its own object waited")
def poison():
    retry = {"backoff": ["150ms"], "attempts": 3}
    sick, healthy = str(uuid.uuid4()), str(uuid.uuid4())
    with folder() as path, Bus(path, [subscription("alt", retry=retry)]).start() as bus:
        client = amqp.Client(bus.port)
        sender = client.sender("events")
        for number in range(2):
            for thing in (sick, healthy):
                equal(client.publish(sender, event_message(kuvert(thing, text=f"{number}"))).code, amqp.ACCEPTED)
        link = client.receiver("sub/alt", credit=100)
        story = []
        while len(story) < 6:
            one = client.take(link)
            event = body_of(one)
            is_poison = event["Beskeddata"][0]["MessageUUID"] == sick and text_of(event) == "0"
            story.append(("sick" if event["Beskeddata"][0]["MessageUUID"] == sick else "healthy") + text_of(event))
            client.settle(one, amqp.MODIFIED if is_poison else amqp.ACCEPTED, [True] if is_poison else [])
        equal(story.count("sick0"), 3, story)
        check(story.index("healthy1") < 4, "the healthy object did not wait", story)
        equal(story[-1], "sick1", "follows its dead one")
        dead = client.take(client.receiver("sub/alt/$deadletter", credit=1))
        equal(text_of(body_of(dead)), "0")
        client.close()


@case("system: deliveries of a consumer that dies come back to another, marked as redelivered")
def consumer_dies():
    with folder() as path, Bus(path, [subscription("alt", retry={"backoff": ["10ms"], "attempts": 5})]).start() as bus:
        bus.publish(*[kuvert(str(uuid.uuid4()), text=str(number)) for number in range(5)])
        doomed = amqp.Client(bus.port)
        link = doomed.receiver("sub/alt", credit=5)
        first = {id_of(body_of(doomed.take(link))) for _ in range(5)}
        doomed.drop()
        heir = amqp.Client(bus.port)
        link = heir.receiver("sub/alt", credit=5)
        second = [heir.take(link) for _ in range(5)]
        equal({id_of(body_of(one)) for one in second}, first)
        for one in second:
            check((header_of(one)[4] or 0) >= 1 or not header_of(one)[3], "marked", header_of(one))
        heir.close()


@case("system: SIGHUP takes a good configuration, a bad one leaves the old generation and is named in the log")
def reload():
    with folder() as path, Bus(path, [subscription("gammel")]).start() as bus:
        good = copy.deepcopy(bus.settings)
        good["subscriptions"].append(subscription("ny"))
        bus.write_configuration(good)
        bus.signal(signal.SIGHUP)
        client = amqp.Client(bus.port)

        def attached(name):
            try:
                return client.receiver(f"sub/{name}")
            except amqp.ProtocolError:
                return None

        eventually(lambda: attached("ny"), 10, "the new subscription can be consumed")
        bus.publish(kuvert(str(uuid.uuid4())))
        equal([len(drained(client, attached(name))) for name in ("gammel", "ny")], [1, 1])
        bad = copy.deepcopy(good)
        bad["subscriptions"][0]["attemps"] = 4
        bad["subscriptions"].append(subscription("aldrig"))
        bus.write_configuration(bad)
        before = len(bus.log_text())
        bus.signal(signal.SIGHUP)
        eventually(lambda: "attemps" in bus.log_text()[before:], 10, "the log names the bad key")
        check(attached("aldrig") is None, "nothing of the bad configuration holds")
        bus.publish(kuvert(str(uuid.uuid4())))
        # what drained() holds unsettled of this client does not come again, so one new event each
        equal([len(drained(client, attached(name))) for name in ("gammel", "ny")], [1, 1], "the old generation works on")
        bus.write_configuration(good)
        client.close()


PLAN = """syntax = "proto3";
package plan.v1;
import "vera/options/v1/options.proto";
message PlanLagt {
  option (vera.options.v1.besked) = {beskedtype: "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e3d" titel_da: "Plan lagt"};
  string navn = 1 [(vera.options.v1.required) = true, (vera.options.v1.length) = {max: 10}];
}
"""


@case("system: a folder of schemas is known after a reload; before it the type is refused, and a bad folder changes nothing")
def schemas_by_reload():
    with folder() as path, Bus(path, [subscription("alt")]).start() as bus:
        schemas = os.path.join(path, "skemaer")
        os.mkdir(schemas)
        client = amqp.Client(bus.port)
        sender = client.sender("events")

        def publish(kind, **payload):
            event = kuvert(str(uuid.uuid4()))
            event["Beskedkuvert"]["Filtreringsdata"]["Beskedtype"] = {"UUIDIdentifikator": "0b8f5a4e-3c1d-4f6a-9b2e-7d8c6a5f4e3d"}
            event["Beskeddata"] = [{"@type": f"type.googleapis.com/{kind}", **payload}]
            return client.publish(sender, event_message(event))

        def reloaded(text, settings, word):
            with open(os.path.join(schemas, "plan.proto"), "w", encoding="utf-8") as out:
                out.write(text)
            bus.write_configuration(settings)
            before = len(bus.log_text())
            bus.signal(signal.SIGHUP)
            eventually(lambda: word in bus.log_text()[before:], 20, f"the log tells of the reload ({word})")
            return bus.log_text()[before:]

        refused = publish("plan.v1.PlanLagt", navn="Kyst")
        equal(refused.condition, "vera:schema-unknown")
        check("Beskeddata[0]: unknown type plan.v1.PlanLagt" in refused.text, refused.text)
        settings = copy.deepcopy(bus.settings)
        settings["schemas"] = ["skemaer"]
        settings["subscriptions"].append(subscription("planer", types=["plan.v1.PlanLagt"]))
        reloaded(PLAN, settings, "configuration reloaded")
        equal(publish("plan.v1.PlanLagt", navn="Kyst").code, amqp.ACCEPTED)
        equal([len(drained(client, client.receiver(f"sub/{name}"))) for name in ("alt", "planer")], [1, 1])
        equal(publish("plan.v1.PlanLagt", navn="Kyststrækningen").text, "Beskeddata[0].navn: has more than 10 characters")
        equal(publish("plan.v2.PlanLagt", navn="Kyst").text,
              "line 1: Beskeddata[0]: unknown type plan.v2.PlanLagt; known in other versions: plan.v1.PlanLagt")
        told = reloaded(PLAN.replace("string navn", "strng navn"), settings, "not reloaded")
        check("plan.proto" in told and "line=6" in told or "plan.proto:6" in told, "the log names file and line", told)
        equal(publish("plan.v1.PlanLagt", navn="Hav").code, amqp.ACCEPTED, "the old generation knows its types still")
        shown = harness.vera("sub", "tail", "planer", "--queue", "-n", "1", "--url", bus.url, "--schemas", schemas, expect=1).stderr
        check("plan.proto:6:3" in shown, "the command names file, line and column", shown)
        client.close()


@case("system: a restart keeps what waits, is in hand, is retried, dead or unrouted")
def restart_keeps():
    subscriptions = [subscription("alt", authorities=[MUNICIPALITIES["laesoe"]], retry={"backoff": ["100ms"], "attempts": 3})]
    with folder() as path, Bus(path, subscriptions, ["plain"]).start() as bus:
        for round_number, end in enumerate((bus.stop, bus.kill)):
            client = amqp.Client(bus.port)
            sender = client.sender("events")
            events = [kuvert(str(uuid.uuid4()), MUNICIPALITIES["laesoe"], text=str(number)) for number in range(4)]
            for event in [*events, kuvert(str(uuid.uuid4()), MUNICIPALITIES["hjoerring"], text="astray")]:
                equal(client.publish(sender, event_message(event)).code, amqp.ACCEPTED)
            equal(client.publish(client.sender("queue/plain"), amqp.data_message(b"plain")).code, amqp.ACCEPTED)
            link = client.receiver("sub/alt", credit=4)
            got = [client.take(link) for _ in range(4)]
            client.settle(got[0], amqp.REJECTED, [amqp.Described(amqp.ERROR, [amqp.Symbol("x:dead"), "dead"])])
            client.settle(got[1])
            client.settle(got[2], amqp.MODIFIED, [True])
            dead_link = client.receiver("sub/alt/$deadletter", credit=1)
            client.take(dead_link)  # so the outcome has been carried out; looked at, not settled
            client.close()
            eventually(lambda: (bus.queues()["alt"], True)[1], 5)
            end()
            bus.start()
            client = amqp.Client(bus.port)
            # got[1]'s settlement was unsynced at a kill: it may come again, which at-least-once allows
            seen = {}
            link = client.receiver("sub/alt", credit=10)
            deadline = time.monotonic() + 10
            while {text_of(body_of(got[2])), text_of(body_of(got[3]))} - set(seen):
                one = client.take(link, seconds=max(0.1, deadline - time.monotonic()))
                seen[text_of(body_of(one))] = one
                client.settle(one)
            check("0" not in seen, "a dead letter does not come back to the queue", sorted(seen))
            dead = client.take(client.receiver("sub/alt/$deadletter", credit=1))
            equal(text_of(body_of(dead)), "0")
            client.settle(dead)
            astray = client.take(client.receiver("$unrouted", credit=1))
            equal(text_of(body_of(astray)), "astray")
            client.settle(astray)
            plain = client.take(client.receiver("queue/plain", credit=1))
            equal(amqp.section(plain.message, 0x75), b"plain", f"round {round_number}")
            client.settle(plain)
            client.close()


@case("system: after SIGTERM a redelivery says first-acquirer=false, and what was never delivered true; after kill -9 all say false")
def first_acquirers():
    with folder() as path, Bus(path, [subscription("alt")], stop_timeout="2s").start() as bus:
        client = amqp.Client(bus.port)
        sender = client.sender("events")
        for number in range(4):
            equal(client.publish(sender, event_message(kuvert(str(uuid.uuid4()), text=str(number)))).code, amqp.ACCEPTED)
        link = client.receiver("sub/alt", credit=2)
        for number in range(2):
            equal((text_of(body_of(got := client.take(link))), header_of(got)[3]), (str(number), True))
        client.settle(got, amqp.RELEASED)  # 1 is let go, 0 is in hand at the end
        equal(bus.stop(), 0, "exit status")

        def deliveries(count):
            client = amqp.Client(bus.port)
            link = client.receiver("sub/alt", credit=count)
            got = [client.take(link) for _ in range(count)]
            return [(text_of(body_of(one)), header_of(one)[3], header_of(one)[4] or 0) for one in got]

        bus.start()
        equal(deliveries(3), [("0", False, 0), ("1", False, 0), ("2", True, 0)])
        equal(bus.stop(), 0, "exit status")
        bus.start()
        equal(deliveries(3), [("0", False, 0), ("1", False, 0), ("2", False, 0)], "it is remembered from stop to stop")
        bus.kill()
        bus.start()
        equal(bus.stop(), 0, "exit status")
        bus.start()
        equal(deliveries(4), [(str(number), False, 0) for number in range(4)], "nobody knows what the killed one had delivered")


@case("system: SIGTERM under load ends with status 0, tells its clients, and keeps all that was accepted")
def graceful_stop():
    with folder() as path, Bus(path, [subscription("alt")]).start() as bus:
        client = amqp.Client(bus.port)
        sender = client.sender("events")
        accepted, ended = set(), threading.Event()

        def publish():
            try:
                while True:
                    event = kuvert(str(uuid.uuid4()))
                    if client.publish(sender, event_message(event)).code == amqp.ACCEPTED:
                        accepted.add(id_of(event))
            except (amqp.ProtocolError, OSError):
                ended.set()

        thread = threading.Thread(target=publish, daemon=True)
        thread.start()
        eventually(lambda: len(accepted) > 50, 20, "some are accepted")
        equal(bus.stop(), 0, "exit status")
        check(ended.wait(10), "the publisher heard of it")
        bus.start()
        client2 = amqp.Client(bus.port)
        kept = {id_of(body_of(one)) for one in drained_all(client2, "sub/alt")}
        check(accepted <= kept, f"{len(accepted - kept)} of {len(accepted)} accepted ones are gone")
        client2.close()


def drained_all(client, address):
    link, got = client.receiver(address), []
    while True:
        more = drained(client, link)
        if not more:
            return got
        got += more


@case("system: unknown addresses, coordinators and resumed links are refused on attach, the connection lives on")
def refused_attach():
    with folder() as path, Bus(path, [subscription("alt")], ["q"]).start() as bus:
        client = amqp.Client(bus.port)
        for make, address in ((client.sender, "queue/findes-ikke"), (client.receiver, "sub/findes-ikke"), (client.receiver, "queue/x"),
                              (client.sender, "sub/alt"), (client.sender, "$unrouted"), (client.sender, "")):
            try:
                make(address)
                raise AssertionError(f"{address!r} can be attached")
            except amqp.ProtocolError as refused:
                check("amqp:not-found" in str(refused) or "amqp:not-allowed" in str(refused) or "amqp:" in str(refused), refused)
        equal(client.publish(client.sender("queue/q"), amqp.data_message(b"still here")).code, amqp.ACCEPTED)
        client.close()


@case("system: a flow that asks for an echo is answered with the state of the link or the session (AMQP 1.0 §2.7.4)")
def echo():
    with folder() as path, Bus(path, queues=["lager"]).start() as bus:
        client = amqp.Client(bus.port)
        sender, receiver = client.sender("queue/lager"), client.receiver("queue/lager", credit=10)
        for _ in range(3):
            equal(client.publish(sender, amqp.data_message(b"hej")).code, amqp.ACCEPTED)
        held = [client.take(receiver) for _ in range(3)]

        def ask(link, count=None, credit=None):
            client.flows.clear()
            client.pipe.write(amqp.frame(amqp.performative(
                amqp.FLOW, amqp.uint(client.next_in), amqp.uint(client.window), amqp.uint(client.next_out), amqp.uint(client.window),
                None if link is None else amqp.uint(link.handle), count, credit, None, None, True)))
            client.wait(lambda: client.flows, "an answer")
            return client.flows[-1]

        for _ in range(3):
            got, left = receiver.delivery_count, 10 - receiver.delivery_count
            told = ask(receiver, amqp.uint(got), amqp.uint(left))
            equal((told[0], told[2], told[4:7]), (client.next_out, client.next_in, [receiver.remote_handle, got, left]), "the consumer's link")
            given = sender.credit
            told = ask(sender, amqp.uint(sender.delivery_count))
            equal((told[0], told[2], told[4:7]), (client.next_out, client.next_in, [sender.remote_handle, sender.delivery_count, given]),
                  "the publisher's link")
            check(not told[9], "an echo asks for none")
            told = ask(None)
            equal((told[0], told[2], told[4]), (client.next_out, client.next_in, None), "the session")
            check(told[1] > 1000, "the session's window", told)
            equal(client.publish(sender, amqp.data_message(b"mere")).code, amqp.ACCEPTED)
            client.settle(client.take(receiver))
            client.settle(held.pop())
        client.close()


@case("system: an idle client that heartbeats stays, a silent one is closed after the idle timeout")
def idle_timeout():
    with folder() as path, Bus(path, queues=["q"], door={"idle_timeout": "1s"}).start() as bus:
        silent, lively = amqp.Client(bus.port), amqp.Client(bus.port, idle_ms=4000)
        started, gone = time.monotonic(), False
        while time.monotonic() - started < 4:
            lively.pipe.write(amqp.frame(b""))
            try:
                lively.pump(time.monotonic() + 0.2)
            except amqp.DeadlinePassed:
                pass
        gone = silent.pipe.ended(5)
        check(gone, "the silent one is closed")
        equal(lively.publish(lively.sender("queue/q"), amqp.data_message(b"here")).code, amqp.ACCEPTED)
        lively.close()


@case("system: a bus on a store that another serves does not start")
def store_is_locked():
    with folder() as path, Bus(path, queues=["q"]).start() as bus, folder() as other:
        second = harness.configuration(bus.store, queues=["q"])
        file = os.path.join(other, "vera.yaml")
        with open(file, "w", encoding="utf-8") as out:
            json.dump(second, out)
        result = harness.vera("serve", "-c", file, "--port-file", os.path.join(other, "port"), expect=1, seconds=20)
        check(result.stderr.strip(), "says why")
        check(bus.is_alive(), "the first one is well")


@case("system: `store fsck` finds nothing on a store that was served, killed and stopped")
def fsck_is_clean():
    with folder() as path, Bus(path, [subscription("alt")], ["q"]).start() as bus:
        for _ in range(3):
            bus.publish(*[kuvert(str(uuid.uuid4())) for _ in range(20)])
            client = amqp.Client(bus.port)
            for one in drained(client, client.receiver("sub/alt"))[::2]:
                client.settle(one)
            client.close()
            bus.kill()
            bus.start()
        equal(bus.stop(), 0)
        harness.vera("store", "fsck", bus.store)


if __name__ == "__main__":
    harness.main()
