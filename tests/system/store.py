"""The store's folder under real processes: who may open it, what of it is read (design §8, reliability F18)."""
import json
import os
import shutil
import subprocess
import threading
import uuid

import amqp_raw as amqp
import harness
from end_to_end import body_of, drained_all, event_message
from harness import Bus, case, check, equal, eventually, folder, id_of, kuvert, subscription


def refused_start(bus):
    """Starts a second daemon with the configuration of `bus` and gives what it said, once it has ended with 1."""
    done = subprocess.run([harness.VERA, "serve", "-c", bus.config_file], capture_output=True, text=True, timeout=30, check=False,
                          stdin=subprocess.DEVNULL)
    equal(done.returncode, 1, f"exit status\n{done.stderr}")
    return done.stderr


@case("store: a second daemon on the same folder is refused with the first one's pid, and the first goes on")
def second_daemon():
    with folder() as path, Bus(path, [subscription("alt")]).start() as bus:
        said = refused_start(bus)
        for word in ("cannot start", bus.store, "is in use", f"process {bus.process.pid}", "stop that one first"):
            check(word in said, f"{word!r} is missing in", said)
        fsck = harness.vera("store", "fsck", bus.store, expect=1)
        check("is in use" in fsck.stderr, fsck.stderr)
        event = kuvert(str(uuid.uuid4()))
        client = amqp.Client(bus.port)
        equal(client.publish(client.sender("events"), event_message(event)).code, amqp.ACCEPTED, "the first daemon goes on")
        bus.kill()  # the kernel frees the lock of a dead process
        bus.start()
        equal([id_of(body_of(one)) for one in drained_all(amqp.Client(bus.port), "sub/alt")], [id_of(event)])


@case("store: a folder of an older or newer format is refused with what to do, and left as it is")
def other_versions():
    with folder() as path:
        bus = Bus(path, [subscription("alt")])
        bus.start()
        bus.stop()
        manifest = os.path.join(bus.store, "MANIFEST")
        good = open(manifest, "rb").read()
        for version, words in ((1, ("an older VeRA wrote it", "let its queues drain")), (2, ("an older VeRA wrote it", "let its queues drain")),
                               (4, ("a newer VeRA wrote it", "start that one"))):
            changed = good[:16] + version.to_bytes(4, "little") + good[20:]
            with open(manifest, "wb") as out:
                out.write(changed)
            said = refused_start(bus)
            for word in (manifest, f"format version {version}", "it reads and writes version 3", *words):
                check(word in said, f"{word!r} is missing in", said)
            equal(open(manifest, "rb").read(), changed, "the manifest is untouched")
        with open(manifest, "wb") as out:
            out.write(good)
        bus.start()
        bus.stop()


class Publisher:
    """Publishes events to the bus one by one, with a pause of so many seconds, until it is told to stop."""

    def __init__(self, bus, pause=0):
        self.accepted = []
        self._pause = pause
        self.error = None
        self._bus = bus
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        try:
            client = amqp.Client(self._bus.port)
            sender = client.sender("events")
            while not self._stop.wait(self._pause):
                event = kuvert(str(uuid.uuid4()), text="x" * 2000)
                if client.publish(sender, event_message(event)).code == amqp.ACCEPTED:
                    self.accepted.append(id_of(event))
        except Exception as error:  # told by stop(), on the thread that can fail the test
            self.error = error

    def wait_for(self, count):
        until = len(self.accepted) + count
        eventually(lambda: self.error or len(self.accepted) >= until, 60, "publishing goes on")

    def stop(self):
        self._stop.set()
        self._thread.join()
        check(self.error is None, "the publisher:", self.error)


@case("store: backups taken at random moments under load hold all that was accepted before, restore beside the original, and serve",
      seconds=900, alone=True)
def hot_backups():
    rng = harness.seed()
    rounds = 100 if harness.FULL else 8
    with folder() as path, Bus(path, [subscription("alt")], store={"path": os.path.join(path, "store"), "segment": "256KiB"}) as bus:
        bus.start()
        publisher = Publisher(bus, pause=0.01)
        taken = set()
        try:
            for number in range(rounds):
                # Some are settled and some stay, or each round would read more than the one before.
                client = amqp.Client(bus.port, seconds=60)
                receiver, many = client.receiver("sub/alt"), max(0, len(publisher.accepted) - len(taken) - 200)
                client.flow(receiver, many)
                for _ in range(many):
                    delivery = client.take(receiver)
                    client.settle(delivery)
                    taken.add(id_of(body_of(delivery)))
                client.close()
                publisher.wait_for(rng.randrange(1, 120))
                before = set(publisher.accepted) - taken
                copy, restored = os.path.join(path, f"backup-{number}"), os.path.join(path, f"restored-{number}")
                told = json.loads(harness.vera("store", "backup", bus.store, copy, "--json").stdout)
                check(told["ok"] and told["checked"] and told["events"] >= len(before), told, len(before))
                again = json.loads(harness.vera("store", "restore", copy, restored, "--json").stdout)
                check(again["ok"] and again["instance"] != told["instance"] and again["origin"] == told["origin"], told, again)
                with folder() as other, Bus(other, [subscription("alt")], store_path=restored,
                                            store={"path": restored, "segment": "256KiB"}).start() as second:
                    check("restored from a backup" in second.log_text(), second.log_tail())
                    client = amqp.Client(second.port)
                    got = drained_all(client, "sub/alt")
                    client.close()  # or the stop waits for it to settle
                    lost = before - {id_of(body_of(one)) for one in got}
                    check(not lost, f"{len(lost)} of {len(before)} accepted before the backup are missing in it")
                shutil.rmtree(copy)
                shutil.rmtree(restored)
                if number % 10 == 9:
                    print(f"{number + 1} rounds, {len(publisher.accepted)} accepted, {len(taken)} settled", flush=True)
        finally:
            publisher.stop()
        client = amqp.Client(bus.port)
        got = {id_of(body_of(one)) for one in drained_all(client, "sub/alt")}
        client.close()
        check(set(publisher.accepted) <= got | taken, "the original has lost something")
        print(f"{rounds} backups, {len(publisher.accepted)} events accepted meanwhile")


@case("store: a daemon refuses to run on a backup, and neither backup nor restore overwrites anything")
def backup_refusals():
    with folder() as path, Bus(path, [subscription("alt")]).start() as bus:
        bus.publish(kuvert(str(uuid.uuid4())))
        copy = os.path.join(path, "backup")
        harness.vera("store", "backup", bus.store, copy)
        for verb in (("backup", bus.store, copy), ("restore", copy, bus.store)):
            check("is not empty" in harness.vera("store", *verb, expect=1).stderr, verb)
        check("no backup" in harness.vera("store", "restore", bus.store, os.path.join(path, "new"), expect=1).stderr)
        with folder() as other:
            said = refused_start(Bus(other, [subscription("alt")], store_path=copy, store={"path": copy}))
            check("holds a backup" in said and "vera store restore" in said, said)


if __name__ == "__main__":
    harness.main()
