"""The store's folder under real processes: who may open it, what of it is read (design §8, reliability F18)."""
import os
import subprocess
import uuid

import amqp_raw as amqp
import harness
from end_to_end import body_of, drained_all, event_message
from harness import Bus, case, check, equal, folder, id_of, kuvert, subscription


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
        for version, words in ((1, ("an older VeRA wrote it", "let its queues drain")), (3, ("a newer VeRA wrote it", "start that one"))):
            changed = good[:16] + version.to_bytes(4, "little") + good[20:]
            with open(manifest, "wb") as out:
                out.write(changed)
            said = refused_start(bus)
            for word in (manifest, f"format version {version}", "it reads and writes version 2", *words):
                check(word in said, f"{word!r} is missing in", said)
            equal(open(manifest, "rb").read(), changed, "the manifest is untouched")
        with open(manifest, "wb") as out:
            out.write(good)
        bus.start()
        bus.stop()


if __name__ == "__main__":
    harness.main()
