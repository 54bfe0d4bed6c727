"""received.py URL FOLDER: a table of the demo's subscriptions, what each holds by type, and how many copies the last publish added.
Everything is asked of the running bus by `vera queue ls` and `vera sub tail`; FOLDER has the subscriptions and before.json."""
import collections
import glob
import json
import os
import subprocess
import sys

NAMES = {"jammerbugt": "Jammerbugt", "broenderslev": "Brønderslev", "hjoerring": "Hjørring", "frederikshavn": "Frederikshavn",
         "laesoe": "Læsø"}


def vera(*words):
    return subprocess.run(["vera", *words], check=True, capture_output=True, text=True).stdout


def queues(text):
    return {row["name"].removeprefix("sub/"): row for row in json.loads(text)["queues"]}


def waiting(row):
    return sum(int(row.get(name) or 0) for name in ("ready", "inFlight", "delayed", "blocked"))


def types_in(name, url):
    count = collections.Counter()
    for line in vera("sub", "tail", name, "-n", "0", "--end", "--json", "--url", url).splitlines():
        for payload in json.loads(line).get("Beskeddata", [])[:1]:
            count[payload["@type"].rpartition(".")[2]] += 1
    return ", ".join(f"{number} {kind}" for kind, number in sorted(count.items())) or "-"


def main(url, folder):
    with open(os.path.join(folder, "before.json"), encoding="utf-8") as file:
        before = queues(file.read())
    now = queues(vera("queue", "ls", "--url", url, "--json"))
    names = [os.path.basename(path).removesuffix(".yaml") for path in sorted(glob.glob(os.path.join(folder, "subscriptions.d", "*.yaml")))]
    rows, added = [("FOR", "SUBSCRIPTION", "NEW", "WAITING", "WHAT WAITS")], 0
    for name in sorted((name for name in names if name in now), key=lambda name: (name.split("-")[0] not in NAMES, name)):
        new = waiting(now[name]) - waiting(before.get(name, {}))
        added += new
        rows.append((NAMES.get(name.split("-")[0], "all five"), name, f"+{new}", str(waiting(now[name])), types_in(name, url)))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print("  ".join((row[0].ljust(widths[0]), row[1].ljust(widths[1]), row[2].rjust(widths[2]), row[3].rjust(widths[3]), row[4])))
    if added == 0:
        print("\nNo copies are new: the bus remembers each BeskedId for 24 hours and accepts a repeat without delivering it twice.\n"
              "`deploy/quickstart --new-ids` publishes the samples as new events.")
    print()


if __name__ == "__main__":
    main(*sys.argv[1:])
