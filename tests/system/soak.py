"""A long life: mixed load with faults for as long as wanted (reliability §3). The first half is one life of the daemon, in which memory,
descriptors, threads and disk must stay flat; the second half is many, ended by kill -9 and SIGTERM. All the time the ledger holds what
was accepted against what came. tests/run plays one minute, --full two hours; by hand: soak.py --minutes N [--rate EVENTS_PER_SECOND]
[--seed N] [--summary FILE]. VERA_SOAK_MINUTES sets the minutes too. The last line is a summary in JSON."""
import argparse
import contextlib
import copy
import json
import os
import random
import signal
import statistics
import sys
import time

import amqp_raw as amqp
import harness
import soak_actors as actors
from harness import MUNICIPALITIES, SAG, Bus, case, check, equal, eventually, folder, subscription
from ledger import Ledger

MINUTES = float(os.environ.get("VERA_SOAK_MINUTES") or (120 if harness.FULL else 1))
SEGMENT_MIB = 8
STEADY_MINUTES = 10  # from here on disk and its descriptors have come to rest: events are kept for a minute
CHANGING = "skiftende"


def subscriptions():
    quick = {"backoff": ["50ms", "200ms"], "attempts": 3}
    return [subscription(actors.WIDE), subscription(actors.ONE_AUTHORITY, authorities=[MUNICIPALITIES["hjoerring"]], retry={**quick, "attempts": 1000}),
            subscription(actors.ONE_KIND, types=[SAG]), subscription(actors.PRESETTLED, presettled=True),
            subscription(actors.PICKY, authorities=[MUNICIPALITIES["laesoe"], MUNICIPALITIES["frederikshavn"]], retry=quick),
            subscription("alt", authorities=[MUNICIPALITIES["jammerbugt"]])]


def cast(stage):
    """One of each temper, and those who take away what hostile clients leave."""
    queue = "queue/{}".format
    consumers = [actors.Consumer(stage, f"sub/{actors.WIDE}", actors.WIDE, n) for n in range(2)]
    consumers += [actors.Dying(stage, f"sub/{actors.ONE_AUTHORITY}", actors.ONE_AUTHORITY, n) for n in range(2)]
    consumers += [actors.Slow(stage, f"sub/{actors.ONE_KIND}", actors.ONE_KIND), actors.Picky(stage, f"sub/{actors.PICKY}", actors.PICKY),
                  actors.Presettled(stage, f"sub/{actors.PRESETTLED}", actors.PRESETTLED),
                  actors.Consumer(stage, f"sub/{actors.PICKY}/$deadletter", actors.PICKY)]
    consumers += [actors.Consumer(stage, queue(name), name) for name in actors.PLAIN_QUEUES]
    others = (queue("bad"), queue("bad/$deadletter"), "sub/alt", "sub/alt/$deadletter", f"sub/{CHANGING}")  # the last is not always there
    consumers += [actors.Consumer(stage, address) for address in others]
    return [actors.Publisher(stage, number, stage.rate / 2) for number in range(2)], consumers


class Soak:
    def __init__(self, bus, minutes, rate, seed, full_file):
        self.bus, self.minutes, self.full_file = bus, minutes, full_file
        self.ledger = Ledger(lossy={actors.PRESETTLED}, unmarked={actors.PICKY}, unordered=[f"{actors.load.UNORDERED}:"])
        self.stage = actors.Stage(bus, self.ledger, seed, rate)
        self.stage.unit = minutes / 2
        self.rng = random.Random(f"{seed}/schedule")
        self.began, self.life, self.life_began = time.monotonic(), 0, time.monotonic()
        self.cpu_before, self.starts, self.samples, self.resumed = 0.0, [bus.start_seconds], [], []
        self.publishers, self.consumers = cast(self.stage)
        self.hostile = actors.Hostile(self.stage, "hostile")
        self.everybody = [*self.publishers, *self.consumers, self.hostile]

    # -- looking ---------------------------------------------------------------------------------------------------------------------------
    def cpu_seconds(self):
        fields = open(f"/proc/{self.bus.process.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
        return self.cpu_before + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def look(self, is_settled):
        process = f"/proc/{self.bus.process.pid}"
        self.samples.append({"minute": self.minute(), "life": self.life, "settled": is_settled, "rss_mib": round(self.bus.rss_kib() / 1024, 1),
                             "descriptors": len(os.listdir(f"{process}/fd")), "threads": len(os.listdir(f"{process}/task")),
                             "disk_mib": round(disk_bytes(self.bus.store) / (1 << 20), 1)})
        return self.samples[-1]

    def minute(self):
        return round((time.monotonic() - self.began) / 60, 2)

    def progress(self):
        seen, counts = self.look(False), self.ledger.counts
        print(f"[{self.minute():6.1f} min] life {self.life}, {counts['accepted']} accepted, {counts['deliveries']} deliveries, "
              f"{counts['duplicates']} duplicates, {counts['attacks']} attacks, {counts['faults']} faults, rss {seen['rss_mib']} MiB, "
              f"{seen['descriptors']} descriptors, {seen['threads']} threads, disk {seen['disk_mib']} MiB, cpu {self.cpu_seconds():.0f} s "
              f"(clients {time.process_time():.0f} s)", flush=True)

    # -- what happens ----------------------------------------------------------------------------------------------------------------------
    def settle(self):
        """Everybody is quiet; what was accepted has come, or is lost; then memory and descriptors are looked at."""
        self.stage.quiet.set()
        try:
            eventually(lambda: all(one.is_idle() for one in self.publishers), 90, "publishers get their last ones accepted")
            with contextlib.suppress(AssertionError):
                eventually(lambda: not self.ledger.waiting(), 90, "consumers have all")
            eventually(self.hostile.is_idle.is_set, 30, "the hostile client rests")
            self.ledger.close_accounts()
            self.look(True)
        except AssertionError as late:
            self.ledger.fault(f"settling: {late}")
        finally:
            self.stage.quiet.clear()

    def reload(self):
        """A subscription comes and goes; every other time the file is bad, which changes nothing."""
        settings = copy.deepcopy(self.bus.settings)
        names = [one["name"] for one in settings["subscriptions"]]
        is_bad = self.rng.random() < 0.5
        if is_bad:
            settings["subscriptions"][0]["attemps"] = 4
        elif CHANGING in names:
            settings["subscriptions"] = [one for one in settings["subscriptions"] if one["name"] != CHANGING]
            self.take_away(f"sub/{CHANGING}")
        else:
            settings["subscriptions"].append(subscription(CHANGING, authorities=[MUNICIPALITIES["laesoe"]]))
        before, good = os.path.getsize(self.bus.log_file), self.bus.settings
        self.bus.write_configuration(settings)
        self.bus.signal(signal.SIGHUP)
        word = "attemps" if is_bad else "generation"
        try:
            eventually(lambda: word in log_from(self.bus.log_file, before), 20, f"the log tells of the reload ({word})", every=0.1)
        except AssertionError as silent:
            self.ledger.fault(str(silent))
        if is_bad:
            self.bus.write_configuration(good)
        self.ledger.counts["reloads"] += 1

    def take_away(self, address):
        with contextlib.suppress(*actors.load.LOST):
            client = amqp.Client(self.bus.port, container="takes away")
            link = client.receiver(address)
            has_more = True
            while has_more:  # one copy of each object at a time
                link.drained = False
                client.flow(link, 500, drain=True)
                client.wait(lambda: link.drained or link.granted == 0, "drain")
                has_more = bool(link.inbox)
                for delivery in link.inbox:
                    client.settle(delivery)
                link.inbox.clear()
            client.close()

    def fill_disk(self):
        """No file can grow for a while: what does not fit is released, consumers go on, and space brings accepting back in 5 s."""
        if self.full_file is None:
            return
        client = amqp.Client(self.bus.port, container="fills", seconds=30)
        sender = client.sender("queue/bad")
        body, refused = amqp.data_message(self.rng.randbytes(1 << 18)), 0
        with open(self.full_file, "w", encoding="ascii"):
            pass
        try:
            for _ in range(40 * SEGMENT_MIB):
                refused += client.publish(sender, body).code != amqp.ACCEPTED
                if refused >= 3:
                    break
        finally:
            os.unlink(self.full_file)
        began = time.monotonic()
        try:
            check(refused, "a full disk takes all")
            eventually(lambda: client.publish(sender, body).code == amqp.ACCEPTED, 5, "accepting resumes after space is back", every=0.1)
            self.resumed.append(round(time.monotonic() - began, 2))
        except AssertionError as seen:
            self.ledger.fault(f"disk full: {seen}")
        client.close()

    def next_life(self):
        """Mostly kill -9; one in five ends in order."""
        self.cpu_before = self.cpu_seconds()
        if self.rng.random() < 0.2:
            self.ledger.stops += 1  # before and after: what is seen while it stops is excused too
            equal(self.bus.stop(60), 0, "exit status")
            self.ledger.stops += 1
        else:
            self.bus.kill()
            self.ledger.counts["kills"] += 1
        self.bus.start(seconds=60)
        self.starts.append(self.bus.start_seconds)
        self.life, self.life_began = self.life + 1, time.monotonic()
        self.settle()

    # -- the play --------------------------------------------------------------------------------------------------------------------------
    def run(self):
        for one in self.everybody:
            one.start()
        # what, how often in units, seconds at least, from which half on
        plan = [(self.progress, 1, 5, 0), (self.reload, 2, 4, 0), (self.settle, 5, 10, 0), (self.fill_disk, 10, 20, 0), (self.next_life, 3, 7, 1)]
        half, end = 60 * self.minutes / 2, 60 * self.minutes
        due = [at * half + self.rng.uniform(0.5, 1) * max(units * self.stage.unit, least) for _, units, least, at in plan]
        while time.monotonic() - self.began < end and self.ledger.counts["faults"] < 20:
            at = min(range(len(plan)), key=due.__getitem__)
            self.stage.over.wait(max(0, self.began + min(due[at], end) - time.monotonic()))
            if time.monotonic() - self.began >= due[at]:
                what, units, least, _ = plan[at]
                try:
                    what()
                except (OSError, amqp.ProtocolError, amqp.DeadlinePassed, AssertionError) as seen:
                    self.ledger.fault(f"{what.__name__}: {seen!r}")
                    check(self.bus.is_alive(), f"the daemon is gone after {what.__name__}: {self.bus.log_tail()}")
                due[at] = time.monotonic() - self.began + self.rng.uniform(0.5, 1.2) * max(units * self.stage.unit, least)
        self.settle()
        self.stage.over.set()
        for one in self.everybody:
            one.join(30)
        self.cpu_before = self.cpu_seconds()
        equal(self.bus.stop(60), 0, "exit status")
        harness.vera("store", "fsck", self.bus.store, seconds=300)
        return self.summary()

    def summary(self):
        settled = [one for one in self.samples if one["settled"]]
        lives = [one for one in settled if one["life"] == 0], [one for one in settled if one["life"]]
        names = ("rss_mib", "threads", "descriptors", "disk_mib")[:4 if self.minutes >= STEADY_MINUTES else 2]
        for text in () if harness.is_sanitized() else growth(*lives, names):
            self.ledger.fault(text)
        return {"minutes": self.minute(), "seed": self.stage.seed, "rate": self.stage.rate, "cpu_share": round(self.cpu_before / (self.minute() * 60), 3),
                "lives": self.life + 1, "slowest_start_seconds": round(max(self.starts), 3), "disk_full_resumed_seconds": self.resumed,
                **self.ledger.counts, "settled": settled, "fault_texts": self.ledger.faults}


# factor and addend: within the long life; of the short lives against the long one
BOUNDS = {"rss_mib": (1.1, 8, 1.2, 16), "threads": (1, 0, 1, 0), "descriptors": (1, 8, 1, 16), "disk_mib": (1.3, 3 * SEGMENT_MIB, 1.5, 4 * SEGMENT_MIB)}


def growth(long_life, short_lives, names):
    """What grew between the middle and the end of the long life (until then it has met its largest bursts), and over all the short ones."""
    found, third = [], max(1, len(long_life) // 3)
    lasting = long_life[third:]
    for name in names:
        factor, more, factor_later, more_later = BOUNDS[name]
        row = [one[name] for one in lasting]
        if len(row) >= 3:
            early, late = statistics.median(row[:third]), statistics.median(row[-third:])
            if late > early * factor + more:
                found.append(f"{name} grew from {early} to {late} in the long life")
        later = max((one[name] for one in short_lives), default=0)
        if row and later > max(row) * factor_later + more_later:
            found.append(f"{name} is {later} in a later life, and was at most {max(row)} in the long one")
    return found


def disk_bytes(path):
    total = 0
    for parent, _, files in os.walk(path):
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                total += os.stat(os.path.join(parent, name)).st_blocks * 512
    return total


def log_from(path, offset):
    with open(path, "rb") as log:
        log.seek(offset)
        return log.read().decode("utf-8", "replace")


def play(minutes, rate, seed):
    with folder() as path, Bus(path, subscriptions(), [*actors.PLAIN_QUEUES, "bad"]) as bus:
        full_file = None
        with contextlib.suppress(harness.Skip):
            shim = harness.power_loss()
            full_file = os.path.join(path, "disk-is-full")
            bus.environment |= {**shim.environment(bus.store), "VERA_FAULT_FULL_FILE": full_file}
        bus.write_configuration({**bus.settings, "store": {"path": bus.store, "segment": f"{SEGMENT_MIB}MiB", "retention": "1m"},
                                 "limits": {"message": "1MiB", "dedup_window": "1m"}})
        bus.start()
        return Soak(bus, minutes, rate, seed, full_file).run()


def judge(summary):
    print(json.dumps(summary), flush=True)
    check(not summary["fault_texts"], f"{len(summary['fault_texts'])} faults, the first: {summary['fault_texts'][:5]}")
    check(summary["accepted"] > summary["minutes"] * 60, "hardly any traffic")


@case("soak: a long life under mixed load with faults loses nothing, and memory, descriptors, threads and disk stay flat",
      seconds=int(MINUTES * 60) + 900, alone=True)
def long_life():
    judge(play(MINUTES, 40 if harness.FULL else 100, harness.seed().getrandbits(32)))


def by_hand(words):
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=MINUTES)
    options.add_argument("--rate", type=float, default=40, help="events per second of all publishers")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--summary", help="file for the summary in JSON")
    chosen = options.parse_args(words)
    summary = play(chosen.minutes, chosen.rate, chosen.seed)
    if chosen.summary:
        with open(chosen.summary, "w", encoding="ascii") as out:
            json.dump(summary, out, indent=1)
    judge(summary)


if __name__ == "__main__":
    if any(word.startswith("--") and word != "--list" for word in sys.argv[1:]):
        by_hand(sys.argv[1:])
    else:
        harness.main()
