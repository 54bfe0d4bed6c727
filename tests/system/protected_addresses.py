"""Addresses under address protection (CPR-loven § 28), through real daemons: who has the right gets them, nobody else, by no way."""
import contextlib
import json
import os
import uuid

import amqp_raw as amqp
import harness
from amqp_raw import Described
from harness import Bus, case, check, equal, eventually, folder, subscription, vera
from messages import SECRET, client_of, message, notes_of, systems

STREET = "Hemmelighedsvej"
RIGHT = {"protected_addresses": True}


def moved(protection, object_id=None):
    """A PersonFlyttet in its JSON form."""
    event = json.loads(vera("type", "example", "PersonFlyttet").stdout)
    event["BeskedId"] = harness.uuid_of(str(uuid.uuid4()))
    object_id = harness.uuid_of(object_id or str(uuid.uuid4()))
    event["Beskedkuvert"]["Filtreringsdata"]["ObjektRegistrering"][0]["ObjektId"] = object_id
    address = {"kommunekode": "0860", "vejnavn": STREET, "adressebetegnelse": f"{STREET} 12"}
    payload = event["Beskeddata"][0]
    payload["fraflytningsadresse"] = address
    person = payload["person"]
    person.update(objektId=object_id, bopaelsadresse=address, kontaktadresse=address)
    person.pop("adressebeskyttelse", None)
    if protection is not None:
        person["adressebeskyttelse"] = {"startdato": "2020-01-01", **protection}
    return event


def configuration():
    """omsorg has the right, laege has not; the subscription `med` asks for the addresses, `uden` does not."""
    more = systems("omsorg", "laege")
    more["systems"][0].update(RIGHT)
    return more


class Wire(contextlib.AbstractContextManager):
    """A client that keeps every byte it is sent."""

    def __init__(self, bus, system):
        self.bytes = bytearray()
        self.client = client_of(bus, system) if system else amqp.Client(bus.port)
        pipe, reading = self.client.pipe, self.client.pipe.read_more

        def read_more(deadline):
            before = len(pipe.buffer)
            reading(deadline)
            self.bytes.extend(pipe.buffer[before:])

        pipe.read_more = read_more

    def __exit__(self, *_):
        self.client.drop()

    def take(self, address, count, state=amqp.RELEASED):
        link = self.client.receiver(address, credit=count)
        got = [self.client.take(link) for _ in range(count)]
        for one in got:
            self.client.settle(one, state)
        self.client.detach(link)
        return got

    def has_street(self):
        return STREET.encode() in self.bytes


def publish_all(bus):
    """Persons in every form; how many."""
    for form in ("protobuf", "json"):
        events = moved({}), moved({"slutdato": "2999-01-01"})
        lines = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
        vera("event", "publish", "--as", form, "--url", bus.url, "-", stdin=lines)
    client = amqp.Client(bus.port)
    sender = client.sender("events")
    text = [json.dumps(moved({}), ensure_ascii=False) for _ in range(3)]
    escaped = text[1].replace("PersonFlyttet", "Person\\u0046lyttet").encode()
    halves = text[2].encode()[:500], text[2].encode()[500:]
    for body in ([Described(0x77, text[0])], [Described(0x77, escaped)], [Described(0x75, half) for half in halves]):
        equal(client.publish(sender, b"".join(amqp.encode(part) for part in body)).code, amqp.ACCEPTED)
    client.close()
    return 7


@case("addresses: a subscription and a system with the right get protected addresses, others never a byte, over kill -9", seconds=120)
def on_the_wire():
    with folder() as path, Bus(path, [subscription("med", **RIGHT), subscription("uden")], **configuration()).start() as bus:
        count = publish_all(bus)
        for run in ("from memory", "from disk"):
            with Wire(bus, "omsorg") as wire:
                got = wire.take("sub/med", count)
                check(all(STREET.encode() in one.message for one in got), run, "with the right")
                check(all("x-opt-vera-withheld" not in notes_of(one) for one in got), run)
            for system, name in (("omsorg", "uden"), ("laege", "uden"), ("laege", "med"), (None, "med")):
                with Wire(bus, system) as wire:
                    got = wire.take(f"sub/{name}", count)
                    check(not wire.has_street(), run, system, name)
                    equal({notes_of(one)["x-opt-vera-withheld"] for one in got}, {"protected-address"})
            bus.kill()
            bus.start()


@case("addresses: neither dead letters, peeking, tailing, unrouted events nor inboxes lead around the right", seconds=120)
def ways_around():
    with folder() as path, Bus(path, [subscription("med", types=["vera.person.v1.*"], **RIGHT),
                                      subscription("uden", types=["vera.person.v1.*"])], **configuration()).start() as bus:
        secret = os.path.join(path, "secret")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
            out.write(SECRET + "\n")
        bus.publish(moved({}))
        for name in ("med", "uden"):
            with Wire(bus, "laege") as wire:
                wire.take(f"sub/{name}", 1, amqp.REJECTED)
                eventually(lambda one=name: bus.queues()[one]["dead"] == 1, what="dead")
                wire.take(f"sub/{name}/$deadletter", 1)
                check(not wire.has_street(), name)
        bus.publish(moved({}))

        def shown(system, *words):
            who = ["--user", system, "--secret-file", secret] if system else []
            return vera(*words, "--unmasked", "--reason", "klage", "--url", bus.url, *who).stdout

        for system in ("laege", "omsorg", None):
            for name in ("med", "uden"):
                for words in (["queue", "peek", name, "--json"], ["queue", "peek", f"sub/{name}/$deadletter"],
                              ["sub", "tail", name, "--end", "--json"], ["sub", "tail", name, "--deadletter", "--end"]):
                    equal(STREET in shown(system, *words), (system, name) == ("omsorg", "med"), (system, words))
        # To the inbox of one without the right; and events that nobody wants.
        client = amqp.Client(bus.port)
        body = json.dumps(moved({}), ensure_ascii=False).encode()
        for to in ("inbox/laege", "inbox/omsorg"):
            equal(client.publish(client.sender(to), message(body)).code, amqp.ACCEPTED)
        client.close()
        for system in ("laege", "omsorg"):
            with Wire(bus, system) as wire:
                wire.take(f"inbox/{system}", 1)
                equal(wire.has_street(), system == "omsorg", "inbox")
        bus.settings["subscriptions"] = []
        bus.write_configuration(bus.settings)
        equal(bus.stop(), 0)
        bus.start()
        bus.publish(moved({}))
        for system in ("laege", "omsorg", None):
            equal(STREET in shown(system, "queue", "peek", "$unrouted"), system == "omsorg", "unrouted")


@case("addresses: protection that is not there or has ended takes nothing from anybody, and no other event is touched")
def not_protected():
    with folder() as path, Bus(path, [subscription("uden")], **configuration()).start() as bus:
        person = str(uuid.uuid4())  # in order
        bus.publish(moved(None, person), moved({"slutdato": "2026-01-01"}, person), harness.kuvert(person, text=STREET))
        with Wire(bus, "laege") as wire:
            link = wire.client.receiver("sub/uden", credit=3)
            for _ in range(3):
                one = wire.client.take(link)
                wire.client.settle(one)
                check(STREET.encode() in one.message and "x-opt-vera-withheld" not in notes_of(one))


@case("addresses: a right given or taken by reload holds from the next delivery on")
def by_reload():
    with folder() as path, Bus(path, [subscription("med", **RIGHT)], **configuration()).start() as bus:
        bus.publish(moved({}))
        with Wire(bus, "omsorg") as wire:
            link = wire.client.receiver("sub/med", credit=1)
            check(STREET.encode() in wire.client.take(link).message)
        with Wire(bus, "omsorg") as wire:
            link = wire.client.receiver("sub/med")
            bus.settings["subscriptions"][0]["protected_addresses"] = False
            bus.write_configuration(bus.settings)
            vera("config", "reload", "--url", bus.url)
            wire.client.flow(link, 1)
            wire.client.take(link)
            check(not wire.has_street(), "the right was taken")


if __name__ == "__main__":
    harness.main()
