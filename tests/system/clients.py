"""Other people's clients: python3-qpid-proton and npm rhea, in both directions, with every kind of section; the bare message compared
byte for byte with what the sender encoded (design §2, promise 5)."""
import json
import os
import random
import subprocess
import uuid

import amqp_raw as amqp
import harness
from amqp_raw import Described, Symbol
from harness import Bus, Skip, case, check, encoded, equal, folder, id_of, kuvert, subscription

FIVE_MIB = 5 << 20


def with_value(value):
    return b"\x00\x53\x77" + amqp.encode(value)


def section(code, value):
    return amqp.encode(Described(code, value))


def raw(data):
    return amqp.Coded(bytes.fromhex(data))


def shapes():
    """{name: encoded message}: every section, alone and together; every body kind; values in several encodings."""
    header = section(0x70, [True, amqp.ubyte(7), amqp.uint(60000)])
    delivery_notes = section(0x71, {Symbol("x-opt-hop"): 1})
    notes = section(0x72, {Symbol("x-opt-farve"): "blå", Symbol("x-opt-liste"): [1, 2, 3]})
    properties = section(0x73, [amqp.ulong(42), b"nobody", "to", "æmne", "reply", uuid_value(), Symbol("text/plain"), Symbol("gzip"),
                                raw("83 000003bb2cc3d800"), raw("83 00000199a0000000"), "gruppe", amqp.uint(7), "svar"])
    application = section(0x74, {"tekst": "Ærø", "tal": 5, "stor": amqp.ulong(2**63), "sand": True, "falsk": raw("5600"), "intet": None,
                                 "brøk": 1.5, "bytes": b"\x00\xff", "tid": raw("83 00000199a0b1c2d3"), "tegn": raw("73 0001f600")})
    footer = section(0x78, {Symbol("x-opt-sum"): b"\x01\x02"})
    data, more = section(0x75, b"first"), section(0x75, b"second")
    scalars = ["40", "41", "42", "5601", "5000", "51ff", "600102", "61fffe", "43", "5207", "7000000100", "54ff", "7180000000", "44", "5309",
               "8000000001 00000000", "55f0", "81ffffffff00000000", "72 3fc00000", "82 7ff8000000000001", "74 22500001", "84 2250000000000001",
               "94 22080000000000000000000000000001", "73 00000041", "83 ffffffffffffffff", "98 000102030405060708090a0b0c0d0e0f",
               "a003 000102", "b000000003 000102", "a103 616263", "b100000003 616263", "a303 616263", "b300000003 616263", "45", "c00100",
               "c003024140", "d000000005 00000001 40", "c10100", "d1 00000004 00000000",
               "e00301 50 07", "f0 00000006 00000001 50 07", "00 a3 04 783a7931 a1 01 61"]
    made = {
        "one data section": header + data,
        "no header": data,
        "empty data section": header + section(0x75, b""),
        "every section": header + delivery_notes + notes + properties + application + data + footer,
        "two data sections and a footer": header + properties + data + more + footer,
        "ten thousand data sections": header + section(0x75, b"x") * 10000,
        "one amqp-sequence": header + section(0x76, [1, "to", None, [3.5]]),
        "two amqp-sequences": header + section(0x76, [1]) + section(0x76, []) + footer,
        "properties of nulls": header + raw("00 53 73 c0 05 04 40 40 40 40") + data,
        "empty application-properties": header + section(0x74, {}) + data,
        "long forms of descriptor and list": raw("00 80 0000000000000070 d0 00000005 00000001 41") + data,
        "symbolic descriptors": amqp.encode(Described(Symbol("amqp:header:list"), [True])) + amqp.encode(Described(Symbol("amqp:data:binary"), b"x")),
        "nested value": header + with_value({"a": [1, {"b": [b"x", {"c": None}]}], 5: "key"}),
        "described value": header + with_value(Described(Symbol("vera:x"), [1, 2])),
        "5 MiB of data": header + section(0x75, random.Random(5).randbytes(FIVE_MIB)),
        "5 MiB of text": header + with_value("æ" * (FIVE_MIB // 2)),
    }
    for number, scalar in enumerate(scalars):
        made[f"value {number}: {scalar[:8]}"] = header + b"\x00\x53\x77" + raw(scalar)
    for content_type in ("text/plain; charset=utf-8", "application/xml", "application/octet-stream", "image/png"):
        made[content_type] = amqp.data_message(b"<a/>", content_type)
    return made


def uuid_value():
    return amqp.Coded(b"\x98" + uuid.UUID(int=77).bytes)


def body_and_rest(message):
    """Like amqp.bare, for messages with symbolic descriptors too."""
    names = {"amqp:header:list": 0x70, "amqp:delivery-annotations:map": 0x71, "amqp:message-annotations:map": 0x72}
    for descriptor, start, _ in amqp.sections(message):
        if names.get(descriptor, descriptor if isinstance(descriptor, int) else 0x73) >= 0x73:
            return message[start:]
    return b""


# -- the clients -------------------------------------------------------------------------------------------------------------------------
def rhea(verb, port, address, *more, stdin=None):
    home = os.environ.get("VERA_RHEA", "")
    if not os.path.isdir(os.path.join(home, "node_modules", "rhea")):
        raise Skip("npm's rhea is not installed (no node, or the registry was out of reach)")
    script = os.path.join(harness.HERE, "rhea", "peer.js")
    result = subprocess.run(["node", script, verb, str(port), address, *map(str, more)], input=stdin, capture_output=True, text=True,
                            timeout=60, check=False, env={**os.environ, "NODE_PATH": os.path.join(home, "node_modules")})
    check(result.returncode == 0, f"rhea {verb} {address}: {result.stderr or result.stdout}")
    return [json.loads(line) for line in result.stdout.splitlines()]


def proton():
    try:
        import proton_peer
        return proton_peer
    except ImportError as missing:
        raise Skip(f"python3-qpid-proton is not installed ({missing})") from missing


@case("system: every kind of message leaves a plain queue byte for byte as it came")
def raw_fidelity():
    with folder() as path, Bus(path, queues=["bytes"]).start() as bus:
        client = amqp.Client(bus.port)
        sender, receiver = client.sender("queue/bytes"), client.receiver("queue/bytes", credit=10)
        for name, message in shapes().items():
            outcome = client.publish(sender, message, seconds=30)
            equal(outcome.code, amqp.ACCEPTED, f"{name}: {outcome}")
            one = client.take(receiver, seconds=30)
            check(body_and_rest(one.message) == body_and_rest(message), f"{name} has changed")
            notes = amqp.section(one.message, 0x72) or {}
            if b"x-opt-farve" in message:
                equal(notes.get("x-opt-farve"), "blå", "the publisher's annotation")
            check("x-opt-hop" not in str(amqp.section(one.message, 0x71)), "delivery-annotations end here")
            client.settle(one)
            client.flow(receiver, 10)
        client.close()


@case("system: bodies that wait on disk over a restart come back byte for byte")
def fidelity_over_restart():
    with folder() as path, Bus(path, queues=["bytes"]).start() as bus:
        client = amqp.Client(bus.port)
        sender = client.sender("queue/bytes")
        messages = list(shapes().values())
        for message in messages:
            equal(client.publish(sender, message, seconds=30).code, amqp.ACCEPTED)
        bus.kill()
        bus.start()
        client = amqp.Client(bus.port)
        receiver = client.receiver("queue/bytes", credit=len(messages))
        for message in messages:
            one = client.take(receiver, seconds=30)
            check(body_and_rest(one.message) == body_and_rest(message), "a message has changed or lost its place")
            client.settle(one)
        client.close()


@case("system: what python3-qpid-proton encodes arrives as it left, and it reads what others sent")
def proton_queue():
    peer = proton()
    with folder() as path, Bus(path, queues=["to-proton"]).start() as bus:
        client = amqp.Client(bus.port)
        messages = peer.messages()
        sent = peer.send(bus.port, "queue/to-proton", messages)
        equal({outcome for outcome, _ in sent}, {"accepted"}, "outcomes")
        bodiless = peer.send(bus.port, "queue/to-proton", [peer.Message()])  # Proton leaves the body section out; the standard demands one
        equal(bodiless[0][0], "rejected", "a message without body")
        receiver = client.receiver("queue/to-proton", credit=len(sent))
        for _, bytes_sent in sent:
            one = client.take(receiver, seconds=30)
            check(amqp.bare(one.message) == amqp.bare(bytes_sent), "a message of Proton has changed")
            client.settle(one)
        all_shapes = shapes()
        sender = client.sender("queue/to-proton")
        for message in all_shapes.values():
            equal(client.publish(sender, message, seconds=30).code, amqp.ACCEPTED)
        got = peer.receive(bus.port, "queue/to-proton", len(all_shapes))
        for (name, message), bytes_got in zip(all_shapes.items(), got, strict=True):
            check(body_and_rest(bytes_got) == body_and_rest(message), f"{name} has changed on its way to Proton")
        client.close()


@case("system: what npm rhea encodes arrives as it left, and it reads what others sent")
def rhea_queue():
    rhea_messages = [
        {"durable": True, "body": "text", "message_id": "m1", "subject": "æmne", "content_type": "text/plain"},
        {"body": {"data": [{"$": "binary", "v": "00ff"}]}, "content_type": "application/octet-stream"},
        {"body": {"data": [{"$": "binary", "v": "01"}, {"$": "binary", "v": "02"}]}},
        {"body": {"sequence": [[1, "to"], [{"$": "double", "v": 2.5}]]}, "application_properties": {"a": 1, "b": "æ", "c": True}},
        {"body": {"$": "map", "v": {"a": 1, "b": [1, 2]}}, "message_annotations": {"x-opt-farve": "blå"},
         "delivery_annotations": {"x-opt-hop": 1}, "priority": 7, "ttl": 60000},
        {"body": {"$": "ulong", "v": 5}, "group_id": "g", "group_sequence": 3, "correlation_id": {"$": "ulong", "v": 9}},
        {"body": {"$": "list", "v": [None, True, 1.5]}, "reply_to": "r", "to": "t", "creation_time": 1700000000000},
        {"body": None}, {"body": True}, {"body": {"$": "symbol", "v": "sym"}}, {"body": {"$": "timestamp", "v": 1700000000000}},
        {"body": {"data": [{"$": "zeros", "v": FIVE_MIB}]}},
    ]
    with folder() as path, Bus(path, queues=["to-rhea"]).start() as bus:
        sent = rhea("send", bus.port, "queue/to-rhea", stdin="".join(json.dumps(one) + "\n" for one in rhea_messages))
        equal([one["outcome"] for one in sent], ["accepted"] * len(rhea_messages))
        client = amqp.Client(bus.port)
        receiver = client.receiver("queue/to-rhea", credit=len(sent))
        for one, description in zip(sent, rhea_messages):
            got = client.take(receiver, seconds=30)
            check(amqp.bare(got.message) == amqp.bare(bytes.fromhex(one["raw"])), f"a message of rhea has changed: {str(description)[:200]}")
            client.settle(got)
        sender = client.sender("queue/to-rhea")
        # rhea itself cannot read decimal types, arrays of length 0 and symbolic section descriptors: VeRA carries them all the same
        readable = {name: message for name, message in shapes().items()
                    if not any(word in name for word in ("symbolic", ": 74", ": 84", ": 94", "ten thousand"))}
        for message in readable.values():
            equal(client.publish(sender, message, seconds=30).code, amqp.ACCEPTED)
        got = rhea("receive", bus.port, "queue/to-rhea", len(readable))
        equal(len(got), len(readable))
        for (name, message), one in zip(readable.items(), got):
            check(body_and_rest(bytes.fromhex(one["raw"])) == body_and_rest(message), f"{name} has changed on its way to rhea")
        client.close()


@case("system: kuverts published by Proton and rhea, as data, text and octets, arrive at both")
def kuverts_both_ways():
    peer = proton()
    with folder() as path, Bus(path, [subscription("proton"), subscription("rhea")]).start() as bus:
        events = [kuvert(str(uuid.uuid4())) for _ in range(6)]
        bodies = [encoded(event) for event in events]
        outcomes = peer.publish_kuverts(bus.port, bodies[:3])
        equal(outcomes, ["accepted"] * 3, "Proton")
        lines = [{"body": {"data": [{"$": "binary", "v": bodies[3].hex()}]}, "content_type": "application/json"},
                 {"body": bodies[4].decode()}, {"body": {"data": [{"$": "binary", "v": bodies[5].hex()}]}, "content_type": "application/octet-stream"},
                 {"body": "{}", "content_type": "application/json"}]
        sent = rhea("send", bus.port, "events", stdin="".join(json.dumps(one) + "\n" for one in lines))
        equal([one["outcome"] for one in sent], ["accepted"] * 3 + ["rejected"], "rhea")
        check(str(sent[3]["condition"]).startswith("vera:"), "condition", sent[3])
        wanted = sorted(id_of(event) for event in events)
        by_proton = [amqp.sections(one) and json.loads(kuvert_body(one)) for one in peer.receive(bus.port, "sub/proton", 6)]
        equal(sorted(id_of(event) for event in by_proton), wanted)
        by_rhea = [json.loads(kuvert_body(bytes.fromhex(one["raw"]))) for one in rhea("receive", bus.port, "sub/rhea", 6)]
        equal(sorted(id_of(event) for event in by_rhea), wanted)


def kuvert_body(message):
    data = amqp.section(message, 0x75)
    return data if data is not None else amqp.section(message, 0x77)


if __name__ == "__main__":
    harness.main()
