"""When the machine breaks: full disk, failing sync, a paused process, no memory (design §9; reliability F6, F7, F19)."""
import contextlib
import os
import signal
import subprocess
import time
import uuid

import amqp_raw as amqp
import harness
import load
from end_to_end import body_of, drained_all, event_message
from harness import Bus, Skip, case, check, equal, eventually, folder, id_of, kuvert, subscription


@contextlib.contextmanager
def small_disk(mebibytes):
    """A file system of its own: tmpfs, which root can mount."""
    if os.geteuid() != 0:
        raise Skip("mounting a small disk takes root")
    with folder() as path:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", path], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")
        try:
            yield path
        finally:
            subprocess.run(["umount", "-l", path], check=False)


@case("chaos: with the disk full nothing is accepted that is not stored, consumers drain, and space brings it back in 5 s", seconds=180)
def disk_full():
    with small_disk(48) as disk, folder() as path:
        store = os.path.join(disk, "store")
        with Bus(path, [subscription("alt")], ["q"], store={"path": store, "segment": "4MiB", "retention": "1m"}, store_path=store).start() as bus:
            client = amqp.Client(bus.port, seconds=20)
            sender = client.sender("events")
            accepted = []

            def publish():
                event = kuvert(str(uuid.uuid4()), text="x" * 200_000)
                outcome = client.publish(sender, event_message(event))
                if outcome.code == amqp.ACCEPTED:
                    accepted.append(id_of(event))
                else:
                    check(outcome.code == amqp.RELEASED or outcome.condition == "amqp:resource-limit-exceeded", outcome)
                return outcome.code == amqp.ACCEPTED

            ballast = os.path.join(disk, "ballast")
            for _ in range(5):
                check(publish(), "an event on an empty disk")
            with open(ballast, "wb") as out, contextlib.suppress(OSError):
                while True:
                    out.write(bytes(1 << 20))
                    out.flush()
            refusals = 0
            for _ in range(200):
                refusals += not publish()
                if refusals >= 5:
                    break
            check(refusals >= 5, "two hundred events of 200 kB fit on a full disk")
            check(bus.is_alive(), "the daemon lives")
            got = drained_all(amqp.Client(bus.port), "sub/alt")
            equal(sorted(id_of(body_of(one)) for one in got), sorted(accepted), "what was accepted can be consumed meanwhile")
            os.unlink(ballast)
            freed = time.monotonic()
            eventually(publish, 5, "accepts resume", every=0.1)
            print(f"{len(accepted)} accepted, {refusals} refused, resumed after {time.monotonic() - freed:.1f} s")
            bus.kill()
            bus.start()
            kept = {id_of(body_of(one)) for one in drained_all(amqp.Client(bus.port), "sub/alt")}
            check(set(accepted) <= kept, f"{len(set(accepted) - kept)} accepted ones are gone")


@case("chaos: a failed sync is never accepted nor repeated, the store seals itself, says so, and loses nothing", seconds=180)
def sync_fails():
    shim = harness.power_loss()
    sealed = 0
    for number in (1, 2, 5, 20, 60, 120):
        with folder() as path, Bus(path, [subscription("alt")]) as bus:
            sealed += one_failed_sync(bus, number, {**shim.environment(bus.store), "VERA_FAULT_EIO_SYNC": str(number)})
    check(sealed >= 2, f"only {sealed} of the failed syncs sealed the store")


def one_failed_sync(bus, number, environment):
    """True if the store sealed itself. The sync of a spare segment, which the files thread makes ahead, holds nothing accepted: after it the
    bus goes on with the segment that it has."""
    accepted = set()
    with contextlib.suppress(AssertionError):  # the first syncs belong to the start itself
        bus.start(environment=environment)
    if bus.is_alive():
        with contextlib.suppress(amqp.ProtocolError, amqp.DeadlinePassed, OSError):
            client = amqp.Client(bus.port, seconds=5)
            sender = client.sender("events")
            for _ in range(200):
                event = kuvert(str(uuid.uuid4()))
                if client.publish(sender, event_message(event)).code == amqp.ACCEPTED:
                    accepted.add(id_of(event))
    was_spare = bus.is_alive() and "no new segment" in bus.log_text()
    if was_spare:
        equal(len(accepted), 200, f"accepted after the sync of a spare failed (sync {number})")
        bus.stop()
    else:
        equal(bus.process.wait(20), 1, f"exit status after sync {number} failed")
    check(any(word in bus.log_text().lower() for word in ("seal", "sync", "input/output")), "the log says why", bus.log_tail())
    bus.start()
    kept = {id_of(body_of(event)) for event in drained_all(amqp.Client(bus.port), "sub/alt")}
    check(accepted <= kept, f"{len(accepted - kept)} of {len(accepted)} accepted ones are gone after sync {number} failed")
    print(f"sync {number} failed: {len(accepted)} accepted{' all the same' if was_spare else ' before it'}, {len(kept)} kept")
    return not was_spare


@case("chaos: a daemon that is stopped and continued under load loses nothing", seconds=180, alone=True)
def paused():
    rng = harness.seed()
    with folder() as path, Bus(path, **load.settings()).start() as bus:
        logs = os.path.join(path, "logs")
        os.mkdir(logs)
        pressure = load.Load(bus, logs, rng)
        try:
            for _ in range(5):
                until = pressure.accepted() + 100
                eventually(lambda: pressure.accepted() >= until, 30, "traffic goes on")
                bus.signal(signal.SIGSTOP)
                began = time.monotonic()
                eventually(lambda: time.monotonic() - began > (60 if harness.FULL else 1), 70, "the pause is over")
                bus.signal(signal.SIGCONT)
            pressure.drain()
        finally:
            pressure.end()
        verdict = load.verify(logs)
        check(verdict.lost + verdict.altered + verdict.foreign + verdict.disordered == 0, verdict)
        print(verdict)


@contextlib.contextmanager
def memory_group(mebibytes):
    """A cgroup with a memory limit, version 1 or 2, whichever can be made here."""
    if os.geteuid() != 0:
        raise Skip("a memory cgroup takes root")
    name = f"vera-test-{os.getpid()}"
    for parent, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        group = os.path.join(parent, name)
        try:
            os.mkdir(group)
        except OSError:
            continue
        try:
            with open(os.path.join(group, limit), "w", encoding="ascii") as out:
                out.write(str(mebibytes << 20))
        except OSError:
            os.rmdir(group)
            continue
        try:
            yield group
        finally:
            eventually(lambda: not open(os.path.join(group, "cgroup.procs"), encoding="ascii").read(), 10, "the group is empty")
            os.rmdir(group)
        return
    raise Skip("no memory cgroup can be made here")


@case("chaos: the kernel's out-of-memory kill loses nothing that was accepted", seconds=180, alone=True)
def out_of_memory():
    with memory_group(400) as group, folder() as path, Bus(path, [subscription("alt")]).start() as bus:
        for _ in range(20 if harness.FULL else 2):
            with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as out:
                out.write(str(bus.process.pid))
            client = amqp.Client(bus.port)
            sender = client.sender("events")
            accepted = set()
            for _ in range(200):
                event = kuvert(str(uuid.uuid4()))
                if client.publish(sender, event_message(event)).code == amqp.ACCEPTED:
                    accepted.add(id_of(event))
            # a hog in the same group, which the kernel may not choose: it chooses the daemon
            hog = subprocess.Popen(["/usr/bin/python3", "-c", "import os\nopen('/proc/self/oom_score_adj','w').write('-1000')\n"
                                    f"open('{group}/cgroup.procs','w').write(str(os.getpid()))\nx=[]\nwhile True: x.append(b'x' * (1 << 20))"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                bus.process.wait(15)
            except subprocess.TimeoutExpired:
                raise Skip("the kernel did not choose the daemon") from None
            finally:
                hog.kill()
                hog.wait()
            bus.start()
            kept = {id_of(body_of(one)) for one in drained_all(amqp.Client(bus.port), "sub/alt")}
            check(accepted <= kept, f"{len(accepted - kept)} accepted ones are gone")


if __name__ == "__main__":
    harness.main()
