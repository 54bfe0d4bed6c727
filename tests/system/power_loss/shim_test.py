#!/usr/bin/env python3
"""The shim does what its README says: tried with a small journal process. usage: shim_test.py SHIM UNDO PROBE [CYCLES]"""
import os
import random
import signal
import subprocess
import sys
import tempfile

shim, undo, probe = sys.argv[1:4]
cycles = int(sys.argv[4]) if len(sys.argv) > 4 else 5


class Store:
    def __init__(self, top):
        self.data, self.log = os.path.join(top, "data"), os.path.join(top, "undo")
        os.mkdir(self.data)
        os.mkdir(self.log)
        self.full = os.path.join(top, "full")
        self.accepted = 0

    def environment(self, **faults):
        return {**os.environ, "LD_PRELOAD": shim, "VERA_FAULT_FOLDER": self.data, "VERA_FAULT_LOG": self.log,
                "VERA_FAULT_FULL_FILE": self.full, **faults}

    def run(self, count, kill_after=None, **faults):
        """Runs the probe; kills it after so many accepted events. Gives its exit status and what it said."""
        process = subprocess.Popen([probe, "run", self.data, str(count)], env=self.environment(**faults), text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        seen = 0
        for line in process.stdout:
            self.accepted = int(line)
            seen += 1
            if seen == kill_after:
                process.send_signal(signal.SIGKILL)
        error = process.stderr.read()
        return process.wait(), error

    def lose_power(self, mode, *seed):
        return subprocess.run([undo, self.log, self.data, mode, *map(str, seed)], check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def check(self):
        done = subprocess.run([probe, "check", self.data, str(self.accepted)], text=True, stderr=subprocess.PIPE)
        return done.returncode == 0, done.stderr


def fail(what):
    sys.exit("FAILED: " + what)


def cycle(seed, **faults):
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="vera-shim-") as top:
        store = Store(top)
        for _ in range(3):
            store.run(400, kill_after=chance.randrange(1, 300), **faults)
            store.lose_power("all") if chance.random() < 0.5 else store.lose_power("random", chance.randrange(1 << 30))
        return store.check()


losses = 0
for seed in range(cycles):
    good, why = cycle(seed)
    if not good:
        fail(f"seed {seed}: accepted events are lost: {why}")
    bad, _ = cycle(seed, VERA_FAULT_NO_SYNC="1")
    losses += not bad
if losses < cycles * 0.9:
    fail(f"without syncs only {losses} of {cycles} cycles lost something")

with tempfile.TemporaryDirectory(prefix="vera-shim-") as top:
    store = Store(top)
    status, error = store.run(400, VERA_FAULT_EIO_SYNC="40")
    if status != 3 or "Input/output error" not in error:
        fail(f"EIO on the 40th sync: status {status}, {error}")
    store.lose_power("all")
    if not store.check()[0]:
        fail("EIO: accepted events are lost")
    status, error = store.run(400, VERA_FAULT_ENOSPC="3-")
    if status != 3 or "No space left" not in error:
        fail(f"ENOSPC from the third growing call on: status {status}, {error}")
    with open(store.full, "w"):
        pass
    status, error = store.run(400)
    if "No space left" not in error:
        fail(f"full: status {status}, {error}")
    os.remove(store.full)
    status, error = store.run(50)
    if status != 0 or not store.check()[0]:
        fail(f"after the disk was full: status {status}, {error}")
print(f"{cycles} cycles: nothing lost; without syncs {losses} of {cycles} lost something")
