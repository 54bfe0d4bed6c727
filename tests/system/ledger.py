"""What was sent, accepted and received, held against the promises (design §2) while it happens. What every sink has got is forgotten, so
that a test can go on for hours. A lane is a row of messages of which one is under way at a time: an object's events, a queue's messages."""
import collections
import threading


class Entry:
    def __init__(self, digest, sinks):
        self.digest, self.missing = digest, set(sinks)
        self.is_accepted = self.is_again = False
        self.sighted = {}  # sink -> how often the bus had been stopped in order by then


class Ledger:
    """Names are `lane:number`, numbers ascend from 1. Threads: any."""

    def __init__(self, lossy=(), unmarked=(), unordered=()):
        self.lossy = set(lossy)        # sinks that took presettled: what was on its way at a kill is gone
        self.unmarked = set(unmarked)  # sinks that release, where a second delivery is no news
        self.unordered = tuple(unordered)  # how names of lanes begin that promise no order
        self.lock = threading.Lock()
        self.entries, self.sent_numbers, self.highest = {}, {}, {}
        self.done = collections.OrderedDict()  # the newest of those that are forgotten, so that their duplicates are judged too
        self.counts, self.faults, self.stops = collections.Counter(), [], 0

    def fault(self, text):
        self.counts["faults"] += 1
        if len(self.faults) < 50:
            self.faults.append(text)
            print(f"FAULT {text}", flush=True)

    def sent(self, name, digest, sinks):
        lane, _, number = name.rpartition(":")
        with self.lock:
            self.entries[name] = Entry(digest, sinks)
            self.sent_numbers[lane] = int(number)
            self.counts["sent"] += 1

    def again(self, name):
        with self.lock:
            self.entries[name].is_again = True
            self.counts["again"] += 1

    def accepted(self, name):
        with self.lock:
            self.counts["accepted"] += 1
            if name in self.entries:
                self.entries[name].is_accepted = True
                self._forget(name)

    def saw(self, sink, receipt):
        """False: the message is nobody's here (a hostile client's)."""
        lane, _, number = (receipt.name if isinstance(receipt.name, str) else "").rpartition(":")
        with self.lock:
            if lane not in self.sent_numbers:
                self.counts["strangers"] += 1
                return False
            self.counts["deliveries"] += 1
            entry, number = self.entries.get(receipt.name) or self.done.get(receipt.name), int(number)
            if number > self.sent_numbers[lane]:
                self.fault(f"{sink}: {receipt.name} was never sent")
            if entry and entry.digest != receipt.digest:
                self.fault(f"{sink}: {receipt.name} is altered")
            if entry and sink not in entry.sighted and sink in entry.missing:
                if number < self.highest.get((lane, sink), 0) and not lane.startswith(self.unordered):
                    self.fault(f"{sink}: {receipt.name} after {self.highest[lane, sink]}")
                self.highest[lane, sink] = number
                entry.sighted[sink] = self.stops
                return True
            self.counts["duplicates"] += 1
            is_marked = receipt.count > 0 or not receipt.first
            excused = sink in self.unmarked or entry is None or entry.is_again or entry.sighted.get(sink, self.stops) != self.stops
            if not is_marked and not excused:
                self.fault(f"{sink}: {receipt.name} comes a second time without a mark")
            return True

    def received(self, sink, name):
        with self.lock:
            if name in self.entries:
                self.entries[name].missing.discard(sink)
                self._forget(name)

    def _forget(self, name):
        entry = self.entries[name]
        if entry.is_accepted and not entry.missing:
            self.done[name] = self.entries.pop(name)
            if len(self.done) > 20_000:
                self.done.popitem(last=False)

    def waiting(self):
        """Accepted, and a sink that loses nothing has not got it."""
        with self.lock:
            return [name for name, entry in self.entries.items() if entry.is_accepted and entry.missing - self.lossy]

    def close_accounts(self):
        """Nobody sends now: what has not come is lost."""
        lost = self.waiting()
        with self.lock:
            for name in lost:
                self.fault(f"lost: {name} for {', '.join(sorted(self.entries[name].missing - self.lossy))}")
            for name in [name for name, entry in self.entries.items() if entry.is_accepted]:
                self.counts["presettled_lost"] += bool(self.entries[name].missing & self.lossy)
                del self.entries[name]
        return not lost
