"""Much of everything (reliability §3, F9 to F13, F18): a million waiting copies, ten thousand idle and five thousand half-open connections,
two thousand TLS connects at once, a delivery of a gigabyte, a million links. Others must hardly notice. Latencies are held against a
second daemon that has peace, in turns, so that what else the machine does counts for both. An ordinary run takes a tenth of each number,
VERA_FULL=1 all of it."""
import contextlib
import os
import resource
import select
import selectors
import socket
import ssl
import statistics
import struct
import subprocess
import threading
import time

import amqp_raw as amqp
import attacks
import harness
import load
import tls
from amqp_raw import ATTACH, DETACH, SOURCE, TARGET, Described, frame, performative, uint
from harness import Bus, case, check, equal, eventually, folder

MIB = 1 << 20
TENTH = 1 if harness.FULL else 10


def crowd(sentence, **more):
    def register(function):
        def run():
            if harness.is_sanitized():
                raise harness.Skip("a sanitizer's build tells nothing of time and memory")
            function()
        run.__name__, run.__module__ = function.__name__, function.__module__
        return case(f"crowd: {sentence}", **more)(run)
    return register


def p99(values):
    return sorted(values)[int(len(values) * 0.99)]


class Probe:
    """Round trips of a small message through a queue of its own."""

    def __init__(self, port):
        self.client = amqp.Client(port, container="probe", seconds=20)
        self.sender, self.receiver = self.client.sender("queue/good"), self.client.receiver("queue/good", credit=10)

    def trip(self):
        began = time.monotonic()
        equal(self.client.publish(self.sender, amqp.data_message(b"x" * 100)).code, amqp.ACCEPTED)
        self.client.settle(self.client.take(self.receiver))
        self.client.flow(self.receiver, 10)
        return time.monotonic() - began


def compare(busy, peaceful, what, trips=400, windows=7, attempts=3):
    """Others' p99 beside the crowd is at most twice what it is in peace (the median of several windows). A machine that has much else to
    do gets another attempt."""
    probes = Probe(busy.port), Probe(peaceful.port)
    for attempt in range(attempts):
        ratios, all_of = [], ([], [])
        for _ in range(windows):
            taken = [], []
            for _ in range(trips):
                for row, probe in zip(taken, probes):
                    row.append(probe.trip())
            ratios.append(p99(taken[0]) / p99(taken[1]))
            for whole, row in zip(all_of, taken):
                whole.extend(row)
        ratio = statistics.median(ratios)
        print(f"round trip beside {what}: p50 {statistics.median(all_of[0]) * 1000:.2f} ms, p99 {p99(all_of[0]) * 1000:.2f} ms; in peace p50 "
              f"{statistics.median(all_of[1]) * 1000:.2f} ms, p99 {p99(all_of[1]) * 1000:.2f} ms; p99 ratios "
              f"{' '.join(f'{one:.2f}' for one in ratios)}", flush=True)
        if ratio <= 2:
            break
    check(ratio <= 2, f"p99 beside {what} is {ratio:.2f} times that in peace, in {attempts} attempts")
    for probe in probes:
        probe.client.close()


@contextlib.contextmanager
def two_buses(**more):
    """The one that gets the crowd, and the one in peace."""
    queues = ["good", "bad", "slow"]
    with folder() as path, folder() as other, Bus(path, queues=queues, **more).start() as busy, Bus(other, queues=queues).start() as peaceful:
        yield busy, peaceful


class Background:
    """Does one thing again and again until the block ends, of which its event tells; what it raises is raised there."""

    def __init__(self, step):
        self.step, self.over, self.error = step, threading.Event(), None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            while not self.over.is_set():
                self.step(self.over)
        except BaseException as error:
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.over.set()
        self.thread.join(30)
        if self.error and kind is None:
            raise self.error


class Peak(Background):
    """The highest resident memory of the daemon while the block runs."""

    def __init__(self, bus):
        super().__init__(self.look)
        self.bus, self.mib = bus, 0

    def look(self, over):
        self.mib = max(self.mib, self.bus.rss_kib() / 1024)
        over.wait(0.005)


@crowd("a slow consumer with a million waiting costs the others nothing, and memory stays below 256 MiB", seconds=900, alone=True)
def million_waiting():
    count = 1_000_000 // TENTH
    with two_buses() as (busy, peaceful):
        began = time.monotonic()
        harness.vera("bench", "--send", "queue/slow", "--durable", "--count", str(count), "--size", "256", "--timeout", "500", "--url", busy.url,
                     seconds=520)
        filled = time.monotonic() - began
        client = amqp.Client(busy.port)
        receiver = client.receiver("queue/slow", credit=5)

        def take_slowly(over):
            client.settle(client.take(receiver))
            client.flow(receiver, 5)
            over.wait(0.05)

        trickle = subprocess.Popen([harness.VERA, "bench", "--send", "queue/slow", "--durable", "--count", "1000000", "--rate", "100", "--size",
                                    "256", "--timeout", "500", "--url", busy.url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with Peak(busy) as peak, Background(take_slowly):
                compare(busy, peaceful, f"{count} waiting")
        finally:
            trickle.kill()
            trickle.wait()
        check(busy.queues()["queue/slow"]["ready"] >= count - 5000, "so many wait still", busy.queues())
        print(f"{count} copies of 256 B in {filled:.1f} s; memory {peak.mib:.0f} MiB")
        check(peak.mib <= 256, f"memory is {peak.mib:.0f} MiB")
        busy.kill()
        busy.start(seconds=60)
        print(f"start after kill -9 with them: {busy.start_seconds:.2f} s, memory {busy.rss_kib() / 1024:.0f} MiB")
        check(busy.start_seconds <= 5, f"start after kill -9 took {busy.start_seconds:.1f} s")


# -- connections -----------------------------------------------------------------------------------------------------------------------------
def room_for_descriptors(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise harness.Skip(f"only {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, count + 1000) if hard != resource.RLIM_INFINITY else count + 1000), hard))


@crowd("ten thousand idle connections cost the others nothing, and leave nothing behind", seconds=300, alone=True)
def idle_connections():
    count = 10_000 // TENTH
    room_for_descriptors(count + 300)
    with two_buses() as (busy, peaceful):
        descriptors = f"/proc/{busy.process.pid}/fd"
        before, memory = len(os.listdir(descriptors)), busy.rss_kib()
        began = time.monotonic()
        pipes = []
        for _ in range(count):
            pipes.append(attacks.handshake(busy.port))
            attacks.wait_for(pipes[-1], amqp.BEGIN)
        connected = time.monotonic() - began
        equal(len(os.listdir(descriptors)), before + count, "descriptors")
        grown = (busy.rss_kib() - memory) / 1024

        def heartbeats(over):
            for pipe in pipes:
                pipe.write(frame(b""))
            over.wait(15)

        with Background(heartbeats):
            compare(busy, peaceful, f"{count} idle connections")
        for pipe in pipes[::97]:
            pipe.write(frame(performative(amqp.CLOSE)))
            attacks.wait_for(pipe, amqp.CLOSE)
        for pipe in pipes:
            pipe.close()
        eventually(lambda: len(os.listdir(descriptors)) <= before + 1, 20, "descriptors are back")
        print(f"{count} connections in {connected:.1f} s, {grown:.1f} MiB, {grown * 1024 / count:.1f} KiB each")
        check(grown * 1024 / count <= 64, f"{grown * 1024 / count:.0f} KiB per idle connection")


def heard_last(connection):
    """When the kernel got the last segment of a TCP connection that is over: however late this process comes to look."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 60)
    return time.monotonic() - struct.unpack_from("I", info, 56)[0] / 1000  # tcpi_last_ack_recv, milliseconds ago


class GoodConnects(Background):
    """Working clients that come one after the other, and how long each took from connect to the bus' answers to open and begin."""

    def __init__(self, bus):
        super().__init__(self.connect)
        self.bus, self.seconds = bus, []

    def connect(self, over):
        began = time.monotonic()
        amqp.Client(self.bus.port).close()
        self.seconds.append(time.monotonic() - began)
        over.wait(0.005)  # the crowd is this process' other thread

    def __str__(self):
        return (f"{len(self.seconds)} good connects meanwhile, p50 {statistics.median(self.seconds) * 1000:.1f} ms, p99 "
                f"{p99(self.seconds) * 1000:.1f} ms, longest {max(self.seconds) * 1000:.0f} ms")


@crowd("five thousand half-open connections are all closed within 5 s, and working clients connect meanwhile", seconds=120, alone=True)
def half_open():
    """The handshake time-out runs from the bus' accept, a life here from the return of connect() to the kernel's receipt of the end. What
    lies between the two, the time in the bus' queue of connections, is part of every connect: the longest of the good ones is added."""
    count = 5000 // TENTH
    room_for_descriptors(count + 300)
    with folder() as path, Bus(path, queues=["good"]).start() as bus:
        lives, waiting = [], selectors.DefaultSelector()
        beginnings = (b"", b"A", amqp.SASL_HEADER, amqp.SASL_HEADER + b"\x00\x00", amqp.SASL_HEADER + b"\x00\x00\x00\x40\x02\x01\x00\x00\x00")

        def collect(wait):
            for key, _ in waiting.select(wait):
                began, pipe = key.data
                with contextlib.suppress(OSError):
                    if pipe.socket.recv(65536):
                        continue
                waiting.unregister(pipe.socket)
                lives.append(heard_last(pipe.socket) - began)
                pipe.close()

        with GoodConnects(bus) as good:
            for number in range(count):
                pipe = amqp.Pipe(bus.port)
                waiting.register(pipe.socket, selectors.EVENT_READ, (time.monotonic(), pipe))
                pipe.write(beginnings[number % len(beginnings)])
                if number % 50 == 0:
                    collect(0)
            deadline = time.monotonic() + 20
            while waiting.get_map() and time.monotonic() < deadline:
                collect(0.2)
        equal(len(lives), count, "closed half-open connections")
        print(f"{count} half-open, lives from {min(lives):.2f} to {max(lives):.2f} s; {good}")
        check(max(lives) <= 5.0 + max(good.seconds), f"one lived {max(lives):.2f} s, the longest good connect took {max(good.seconds):.2f} s")
        check(min(lives) >= 4.9, f"one was given {min(lives):.2f} s only")
        check(len(good.seconds) >= 100 and p99(good.seconds) <= 1, f"p99 of {len(good.seconds)} connects is {p99(good.seconds):.2f} s")


class TlsConnect:
    """A client that comes with a certificate: TLS, SASL EXTERNAL, open; one step whenever its socket is ready."""
    HELLO = (amqp.SASL_HEADER + frame(performative(amqp.SASL_INIT, amqp.Symbol("EXTERNAL"), b""), kind=1) + amqp.AMQP_HEADER +
             frame(performative(amqp.OPEN, "crowd")))

    def __init__(self, bus, context):
        self.began, self.is_secure, self.heard = time.monotonic(), False, b""
        plain = socket.create_connection(("localhost", bus.tls_port), timeout=30)
        plain.setblocking(False)
        self.socket = context.wrap_socket(plain, server_hostname="localhost", do_handshake_on_connect=False)

    def step(self):
        """What it waits for: selectors.EVENT_READ or EVENT_WRITE, or 0 once the bus has answered open."""
        try:
            if not self.is_secure:
                self.socket.do_handshake()
                self.is_secure = True
                self.socket.sendall(self.HELLO)
            while b"\x00\x53\x10" not in self.heard:
                data = self.socket.recv(65536)
                check(data, f"closed after {time.monotonic() - self.began:.1f} s: {self.heard!r}")
                self.heard += data
            return 0
        except ssl.SSLWantReadError:
            return selectors.EVENT_READ
        except ssl.SSLWantWriteError:
            return selectors.EVENT_WRITE


@crowd("two thousand TLS connects at once are all served, and a working client connects meanwhile within a second", seconds=180, alone=True)
def tls_connects():
    count = 2000 // TENTH
    room_for_descriptors(count + 300)
    with folder() as path, tls.TlsBus(path).start() as bus:
        context, taken = bus.context(), []
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # all clients are one thread here, which has enough to do
        waiting, began = selectors.DefaultSelector(), time.monotonic()
        with GoodConnects(bus) as good:
            everybody = [TlsConnect(bus, context) for _ in range(count)]
            for one in everybody:
                wants = one.step()
                if wants:
                    waiting.register(one.socket, wants, one)
            while waiting.get_map():
                check(time.monotonic() - began < 120, f"{len(waiting.get_map())} are not connected")
                for key, _ in waiting.select(1):
                    wants = key.data.step()
                    if wants:
                        waiting.modify(key.fileobj, wants, key.data)
                    else:
                        waiting.unregister(key.fileobj)
                        taken.append(time.monotonic() - key.data.began)
        in_all = time.monotonic() - began
        for one in everybody:
            one.socket.close()
        print(f"{count} TLS connects in {in_all:.2f} s, p50 {statistics.median(taken):.2f} s, longest {max(taken):.2f} s; memory "
              f"{bus.rss_kib() / 1024:.0f} MiB; {good}")
        status = bus.status()
        equal((status["handshakeTimeouts"], status["tlsFailures"]), (0, 0), "handshakes that failed")
        check(p99(good.seconds) <= 1, f"p99 of {len(good.seconds)} connects is {p99(good.seconds):.2f} s")


# -- bytes and links -------------------------------------------------------------------------------------------------------------------------
@crowd("a gigabyte in one delivery is stopped at max-message-size, whatever the target", seconds=120)
def gigabyte():
    with folder() as path, Bus(path, [harness.subscription("alt")], ["bad"]).start() as bus:
        for target, limit in (("events", 1), ("queue/bad", 16)):
            before = bus.rss_kib() / 1024
            pipe, sent, refused = attacks.handshake(bus.port), 0, None
            pipe.write(frame(attacks.attach_sender(target=target)))
            attacks.wait_for(pipe, amqp.FLOW)
            pipe.socket.settimeout(10)
            with Peak(bus) as peak:
                try:
                    pipe.write(attacks.transfer(uint(0), uint(0), b"t", uint(0), False, True, payload=b"\x00\x53\x75\xb0\x40\x00\x00\x00" + bytes(60000)))
                    more = attacks.transfer(uint(0), None, None, None, None, True, payload=bytes(60000)) * 16
                    while sent < 1 << 30:
                        pipe.write(more)
                        sent += 16 * 60000
                        if refused is None and select.select([pipe.socket], [], [], 0)[0]:
                            refused = sent
                except OSError:
                    pass
                check(pipe.ended(10), "the connection goes on")
            pipe.close()
            grown = peak.mib - before
            print(f"{target}: answered after {(refused or sent) / MIB:.1f} MiB, closed after {sent / MIB:.1f} MiB, memory +{grown:.1f} MiB")
            check(sent < 1 << 30, "all of it was taken")
            check(grown <= limit + 8, f"memory grew by {grown:.1f} MiB, the limit is {limit} MiB")
            amqp.Client(bus.port).close()


def attach_detach(handle, name, target="queue/bad"):
    return (frame(performative(ATTACH, name, uint(handle), False, None, None, Described(SOURCE, []), Described(TARGET, [target]), None, None, uint(0))) +
            frame(performative(DETACH, uint(handle), True)))


def count_detaches(pipe, wanted):
    """Reads until so many detach performatives have come."""
    needle, seen, rest = b"\x00\x53\x16", 0, b""
    while seen < wanted:
        data = pipe.socket.recv(1 << 18)
        check(data, f"the connection ended after {seen} detaches")
        data = rest + data
        seen += data.count(needle)
        rest = data[-2:]


@crowd("a million links that open and close leave memory where it was", seconds=900, alone=True)
def million_links():
    count = 1_000_000 // (1 if harness.FULL else 20)
    with folder() as path, Bus(path, queues=["bad"]).start() as bus:
        pipe = attacks.handshake(bus.port)
        attacks.wait_for(pipe, amqp.BEGIN)
        pipe.socket.settimeout(60)
        data, began, memory = attach_detach(0, "l") * 500, time.monotonic(), []
        for number in range(count // 500):
            pipe.write(data)
            count_detaches(pipe, 500)
            if number % max(1, count // 500 // 10) == max(1, count // 500 // 10) - 1:
                memory.append(round(bus.rss_kib() / 1024, 1))
        taken = time.monotonic() - began
        print(f"{count} links in {taken:.1f} s, {count / taken:.0f}/s; memory {' '.join(map(str, memory))} MiB")
        check(memory[-1] <= memory[0] + 8, f"memory grew from {memory[0]} to {memory[-1]} MiB")


@crowd("a client that attaches 65,536 handles is bounded, and holds nobody up, with as many links allowed as can be", seconds=300, alone=True)
def all_handles():
    with folder() as path, Bus(path, queues=["good", "bad"], door={"links": 4096}).start() as bus:
        before, good = bus.rss_kib() / 1024, attacks.GoodClient(bus.port)
        pipe = attacks.handshake(bus.port)
        attacks.wait_for(pipe, amqp.BEGIN)
        pipe.socket.settimeout(60)
        reader = threading.Thread(target=lambda: pipe.ended(200), daemon=True)
        reader.start()
        began, handle = time.monotonic(), 0
        with Peak(bus) as peak, contextlib.suppress(OSError):
            for handle in range(0, 65536, 64):
                pipe.write(b"".join(frame(attacks.attach_sender(f"n{number}", number)) for number in range(handle, handle + 64)))
            pipe.write(frame(performative(amqp.CLOSE)))
        reader.join(120)
        check(not reader.is_alive(), "neither closed nor refused")
        good.stop()
        grown = peak.mib - before
        print(f"{handle + 64} handles sent in {time.monotonic() - began:.1f} s, memory +{grown:.1f} MiB, longest round trip beside it "
              f"{good.longest * 1000:.0f} ms")
        check(grown <= 64, f"memory grew by {grown:.0f} MiB")
        check(good.longest < 1, f"another was held up for {good.longest:.2f} s")


@crowd("what a burst needed goes back to the system within a minute", seconds=240)
def memory_given_back():
    with folder() as path, Bus(path, queues=["bad"]).start() as bus:
        before = bus.rss_kib() / 1024
        with Peak(bus) as peak:
            for count, size in ((20_000, 16_000), (300, 400_000)):
                for _ in range(2):
                    harness.vera("bench", "--send", "queue/bad,queue/bad", "--recv", "queue/bad,queue/bad", "--durable", "--count", str(count), "--size",
                                 str(size), "--url", bus.url)
        left = bus.rss_kib() / 1024
        # what it may keep, its hot messages, and some
        eventually(lambda: bus.rss_kib() / 1024 <= before + 32 + 16 + 16, 60, "memory is given back", every=0.2)
        print(f"{before:.0f} MiB before, at most {peak.mib:.0f} MiB, {left:.0f} MiB after, then {bus.rss_kib() / 1024:.0f} MiB")


# -- SIGTERM -----------------------------------------------------------------------------------------------------------------------------------
@crowd("SIGTERM under load, again and again, loses nothing and ends with status 0", seconds=900, alone=True)
def sigterm_under_load():
    rng = harness.seed()
    with folder() as path, Bus(path, **load.settings()).start() as bus:
        logs = os.path.join(path, "logs")
        os.mkdir(logs)
        pressure, slowest = load.Load(bus, logs, rng), 0
        try:
            for _ in range(100 // TENTH):
                until = pressure.accepted() + rng.randrange(1, 300)
                eventually(lambda: pressure.accepted() >= until, 30, "traffic goes on", every=rng.uniform(0.0003, 0.003))
                began = time.monotonic()
                equal(bus.stop(60), 0, "exit status")
                slowest = max(slowest, time.monotonic() - began)
                bus.start()
            pressure.drain()
        finally:
            pressure.end()
        verdict = load.verify(logs)
        print(f"{100 // TENTH} stops, slowest {slowest:.2f} s: {verdict}")
        check(verdict.lost + verdict.altered + verdict.foreign + verdict.disordered == 0, verdict)


if __name__ == "__main__":
    harness.main()
