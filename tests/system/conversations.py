"""Good conversations, recorded as the client's raw bytes, then bent and played to a live daemon over real sockets while a good client's
deliveries go on. VERA_CONVERSATIONS sets how many, VERA_SEED repeats a run."""
import os
import socket
import struct
import time
import uuid

import amqp_raw as amqp
import harness
from amqp_raw import Described, Symbol
from attacks import GoodClient
from harness import Bus, case, check, encoded, folder, kuvert

COUNT = int(os.environ.get("VERA_CONVERSATIONS") or (1_000_000 if harness.FULL else 100_000))
BUDGET_SECONDS = 2400 if harness.FULL else 60


def recorded(port):
    """The bytes that a client sends in each of some conversations that together use the whole protocol."""
    def record(play):
        written = []
        client = amqp.Client(port, record=written)
        play(client)
        client.close()
        return b"".join(written)

    def publish(client):
        sender = client.sender("events")
        for size in (10, 3000):
            client.publish(sender, amqp.data_message(encoded(kuvert(str(uuid.uuid4()), text="x" * size)), "application/json", {"cloudEvents_x": "y"}))
        client.detach(sender)

    def plain(client):
        sender, receiver = client.sender("queue/bad"), client.receiver("queue/bad", credit=3)
        message = amqp.encode(Described(0x70, [True, amqp.ubyte(4), amqp.uint(1000)])) + amqp.encode(Described(0x72, {Symbol("x-opt-a"): [1, {"b": 2}]}))
        message += amqp.encode(Described(0x74, {"a": 1})) + amqp.encode(Described(0x77, {"k": [1, 2.5, None, b"z"]}))
        for state, fields in ((amqp.ACCEPTED, []), (amqp.RELEASED, []), (amqp.MODIFIED, [True]),
                              (amqp.REJECTED, [Described(amqp.ERROR, [Symbol("a:b"), "c"])])):
            client.publish(sender, message)
            client.settle(client.take(receiver), state, fields)
            client.flow(receiver, 3)
        client.flow(receiver, 5, drain=True)
        client.detach(receiver)

    def many_frames(client):
        sender, receiver = client.sender("queue/bad"), client.receiver("queue/bad", credit=1)
        client.publish(sender, amqp.data_message(b"y" * 150_000))
        client.settle(client.take(receiver))

    def looking(client):
        client.receiver("sub/alt", credit=2)
        client.receiver("sub/alt/$deadletter", credit=1)
        client.receiver("$unrouted", credit=1)
        client.send(client.sender("queue/bad"), amqp.data_message(b"settled"), settled=True)
        try:
            client.receiver("queue/findes-ikke")
        except amqp.ProtocolError:
            pass

    return [record(play) for play in (publish, plain, many_frames, looking)]


def units(data):
    """Protocol headers and frames, as (start, end)."""
    found, at = [], 0
    while at < len(data):
        size = 8 if data[at:at + 4] == b"AMQP" else struct.unpack_from(">I", data, at)[0]
        if size < 8:
            return []
        found.append((at, at + size))
        at += size
    return found


def bend(data, rng):
    """One to four mutations: bits, bytes, lengths, whole frames removed, doubled, swapped, cut."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        parts = units(data) if intact(data) else [(0, len(data))]
        start, end = rng.choice(parts)
        kind = rng.randrange(9)
        changed = bytearray(data)
        if kind == 0:
            changed[rng.randrange(start, end)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            changed[rng.randrange(start, end)] = rng.choice((0, 1, 0x40, 0x45, 0x53, 0x70, 0x7F, 0x80, 0xA1, 0xB0, 0xC0, 0xD0, 0xFF))
        elif kind == 2:  # a length or count among the first bytes of the frame
            at = min(len(changed) - 1, start + rng.randrange(24))
            changed[at] = (changed[at] + rng.choice((-2, -1, 1, 2, 128))) & 0xFF
        elif kind == 3 and end - start < 20000:
            changed[start:end] = data[start:end] * rng.choice((2, 2, 3, 50))
        elif kind == 4:
            del changed[start:end]
        elif kind == 5:
            other = rng.choice(parts)
            changed[start:end] = data[other[0]:other[1]]
        elif kind == 6:
            del changed[rng.randrange(len(changed)):]
        elif kind == 7:  # bytes put in, and the frame's size told again so that it is read as one
            at = min(end, start + 8 + rng.randrange(max(1, end - start)))
            extra = rng.randbytes(rng.randrange(1, 9))
            changed[at:at] = extra
            if data[start:start + 4] != b"AMQP" and end - start >= 8:
                struct.pack_into(">I", changed, start, min(0xFFFFFFFF, struct.unpack_from(">I", data, start)[0] + len(extra)))
        else:
            at = rng.randrange(start, end)
            changed[at:at + 4] = struct.pack(">I", rng.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)))
        data = bytes(changed)
        if not data:
            return b"\x00"
    return data


def intact(data):
    try:
        parts = units(data)
        return bool(parts) and parts[-1][1] == len(data)
    except struct.error:
        return False


def play(port, data):
    """Everything at once, then end of stream; False if the daemon has not closed within 10 s."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
        try:
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
            while peer.recv(1 << 16):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True


@case("system: mutated conversations harm nobody but their own connection", seconds=3000, alone=True)
def mutated_conversations():
    rng = harness.seed()
    with folder() as path, Bus(path, [harness.subscription("alt")], ["good", "bad"]).start() as bus:
        originals = recorded(bus.port)
        for data in originals:  # as they were they are taken whole
            check(play(bus.port, data), "a recorded conversation hangs")
        good = GoodClient(bus.port)
        good.trip_more()
        before, began, played = bus.rss_kib(), time.monotonic(), 0
        while played < COUNT and time.monotonic() - began < BUDGET_SECONDS:
            data = bend(rng.choice(originals), rng)
            check(play(bus.port, data), f"conversation {played} is not ended: {data[:2000].hex()}")
            check(bus.is_alive() and not good.error, f"after conversation {played}: {good.error!r}\n{data[:4000].hex()}")
            played += 1
            if played % 10000 == 0:
                print(f"{played} conversations, {time.monotonic() - began:.0f} s, good client {good.trips} round trips", flush=True)
        good.trip_more()
        good.stop()
        grown = (bus.rss_kib() - before) / 1024
        print(f"{played} conversations in {time.monotonic() - began:.0f} s; good client {good.trips} round trips, longest "
              f"{good.longest * 1000:.0f} ms; memory {grown:+.1f} MiB")
        check(played >= min(COUNT, 10_000), f"only {played} conversations in {BUDGET_SECONDS} s")
        check(good.longest < 1, f"the good client was held up for {good.longest:.2f} s")
        check(grown < 100, f"memory grew by {grown:.0f} MiB")


if __name__ == "__main__":
    harness.main()
