"""Runs real `vera` processes for the system tests: ports are free ones, folders temporary, waiting is for conditions with deadlines.

A test file defines cases with @case("room: a sentence that can be false", seconds=…) and ends with main(). `--list` prints them for
CMake, a case's name runs it. Exit status 0 passed, 1 failed, 77 skipped (the last line then names the reason)."""
import contextlib
import functools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
VERA = os.environ.get("VERA_BINARY", os.path.join(ROOT, "build", "release", "bin", "vera"))
FULL = os.environ.get("VERA_FULL") == "1"
SKIPPED = 77


class Skip(Exception):
    """This machine cannot run the case; the text says why."""


# -- cases -----------------------------------------------------------------------------------------------------------------------------
CASES = []


def case(sentence, seconds=60, alone=False):
    """`alone`: the case measures time or loads the machine, and must not share it with another. No `|` or `;` in the sentence."""
    def register(function):
        if function.__module__ == "__main__":  # a file that borrows another's functions does not run its cases again
            CASES.append((function.__name__, sentence, seconds, alone, function))
        return function
    return register


def main():
    cases = [one for one in CASES if one[4].__module__ == "__main__"]  # not those of files that were imported
    if sys.argv[1:] == ["--list"]:
        for name, sentence, seconds, alone, _ in cases:
            print(f"{name}|{sentence}|{seconds}|{int(alone)}")
        return
    wanted = sys.argv[1:] or [name for name, *_ in cases]
    worst = 0
    for name, sentence, _, _, function in cases:
        if name not in wanted:
            continue
        print(f"== {sentence}", flush=True)
        try:
            function()
            print(f"passed: {sentence}", flush=True)
        except Skip as why:
            print(f"SKIPPED: {sentence}: {why}", flush=True)
            worst = worst or SKIPPED
        except BaseException:
            traceback.print_exc()
            worst = 1
    sys.exit(worst)


def check(condition, *facts):
    """An assertion that says what it saw and is there under -O too."""
    if not condition:
        raise AssertionError(" ".join(str(fact) for fact in facts) or "condition does not hold")


def equal(seen, wanted, what=""):
    check(seen == wanted, f"{what}: saw {seen!r}, wanted {wanted!r}")


def eventually(condition, seconds=10, what="condition", every=0.02):
    """Asks until the answer is true; gives it back."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        check(time.monotonic() < deadline, f"not within {seconds} s: {what}")
        time.sleep(every)  # between two looks at a condition, never instead of one


def seed():
    """From VERA_SEED or fresh; printed, so that a failure can be run again."""
    number = int(os.environ.get("VERA_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"seed {number} (VERA_SEED={number} repeats it)", flush=True)
    return random.Random(number)


@contextlib.contextmanager
def folder(in_memory=False):
    """`in_memory`: on a file system without a disk, for cases that make many small commits and are not about them."""
    path = tempfile.mkdtemp(prefix="vera-test-", dir="/dev/shm" if in_memory and os.access("/dev/shm", os.W_OK) else None)
    try:
        yield path
    finally:
        if os.environ.get("VERA_KEEP") != "1":
            shutil.rmtree(path, ignore_errors=True)


@functools.lru_cache
def is_sanitized():
    """The daemon is built with a sanitizer: its memory and times say nothing."""
    with open(VERA, "rb") as binary:
        data = binary.read()
    return b"__asan_init" in data or b"__tsan_init" in data


# -- configuration -----------------------------------------------------------------------------------------------------------------------
MUNICIPALITIES = {"jammerbugt": "29189439", "broenderslev": "29189501", "hjoerring": "29189382", "frederikshavn": "29189498",
                  "laesoe": "45973328"}


def subscription(name, **more):
    """One with an id of its own that is the same on every run."""
    return {"id": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)), "name": name, **more}


def configuration(store, subscriptions=(), queues=(), **more):
    """JSON is YAML: what `vera serve -c` reads."""
    return {"node": "test", "listen": [{"address": "127.0.0.1", "port": 0, "anonymous": True}], "store": {"path": store},
            "subscriptions": list(subscriptions), "queues": [{"name": name} for name in queues], **more}


# -- the daemon --------------------------------------------------------------------------------------------------------------------------
class Bus:
    """One `vera serve` on a configuration in its own folder. start, stop, kill and start again; the store stays."""

    def __init__(self, path, subscriptions=(), queues=(), environment=None, wrapper=(), **more):
        if not os.access(VERA, os.X_OK):
            raise Skip(f"no vera binary at {os.path.relpath(VERA, ROOT)}")
        self.path = path
        self.store = more.pop("store_path", os.path.join(path, "store"))
        self.config_file = os.path.join(path, "vera.yaml")
        self.port_file = os.path.join(path, "port")
        self.log_file = os.path.join(path, "log")
        self.environment = dict(os.environ, **(environment or {}))
        self.wrapper = list(wrapper)
        self.process = None
        self.port = None
        self.write_configuration({**configuration(self.store, subscriptions, queues), **more})

    def write_configuration(self, settings):
        self.settings = settings
        with open(self.config_file, "w", encoding="utf-8") as out:
            json.dump(settings, out, indent=2, ensure_ascii=False)

    def start(self, seconds=20, environment=None):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.port_file)
        log = open(self.log_file, "ab")
        self.process = subprocess.Popen(
            [*self.wrapper, VERA, "serve", "-c", self.config_file, "--port-file", self.port_file],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.path, env={**self.environment, **(environment or {})})
        log.close()
        started = time.monotonic()

        def bound():
            check(self.process.poll() is None, f"vera serve ended with {self.process.returncode}:\n{self.log_tail()}")
            with contextlib.suppress(FileNotFoundError):
                text = open(self.port_file, encoding="ascii").read().split()
                return int(text[0]) if text else None
            return None

        self.port = eventually(bound, seconds, "vera serve tells its port", every=0.005)
        self.start_seconds = time.monotonic() - started
        return self

    def log_tail(self, count=40):
        with contextlib.suppress(FileNotFoundError):
            return "".join(open(self.log_file, encoding="utf-8", errors="replace").readlines()[-count:])
        return ""

    def log_text(self):
        return open(self.log_file, encoding="utf-8", errors="replace").read()

    @property
    def url(self):
        return f"amqp://127.0.0.1:{self.port}"

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9; returns once the process is gone."""
        self.process.kill()
        self.process.wait(30)

    def stop(self, seconds=30):
        """SIGTERM; the exit status."""
        self.process.terminate()
        return self.process.wait(seconds)

    def signal(self, number):
        self.process.send_signal(number)

    def rss_kib(self):
        return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{self.process.pid}/status", encoding="ascii").read()).group(1))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.is_alive():
            if kind is None:
                status = self.stop()
                check(status == 0, f"vera serve ended with {status}:\n{self.log_tail()}")
            else:
                self.process.send_signal(signal.SIGCONT)
                self.kill()
        if kind is not None:
            print(f"--- end of the daemon's log\n{self.log_tail()}---", flush=True)

    # -- verbs ---------------------------------------------------------------------------------------------------------------------------
    def publish(self, *events, expect=0):
        """`vera event publish` of kuverts (dicts) as JSON lines, sent as JSON."""
        lines = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
        return vera("event", "publish", "--as", "json", "--url", self.url, "-", stdin=lines, expect=expect)

    def queues(self):
        """{name: row} of `vera queue ls --json`."""
        return {row["name"].removeprefix("sub/"): row for row in rows_of(vera("queue", "ls", "--url", self.url, "--json").stdout)}

    def tail(self, name, count, ack=False, expect=0):
        result = vera("sub", "tail", name, "-n", str(count), "--url", self.url, "--json", *(["--ack"] if ack else []), expect=expect)
        return [json.loads(line) for line in result.stdout.splitlines() if line.strip()]


def rows_of(text):
    """The rows of a listing printed with --json: one document, or one per line."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list)]
        return lists[0] if lists else [document]
    return document


def vera(*words, stdin=None, expect=0, seconds=60):
    """Runs one verb to its end. expect=None takes any exit status."""
    result = subprocess.run([VERA, *words], input=stdin, capture_output=True, text=True, timeout=seconds, check=False,
                            stdin=None if stdin is not None else subprocess.DEVNULL)
    check(expect is None or result.returncode == expect,
          f"vera {' '.join(words)}: exit status {result.returncode}, wanted {expect}\n{result.stdout}\n{result.stderr}")
    return result


# -- kuverts -----------------------------------------------------------------------------------------------------------------------------
POST, SAG = "vera.post.v1.PostStatus", "vera.sag.v1.SagOprettet"
BESKEDTYPE = {POST: "d2bed63c-4853-4008-b6e0-a74c15b15fbf", SAG: "72b7b3b3-4938-43f3-83bf-e3aca929e9b2"}


def utc_now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def uuid_of(text):
    return {"UUIDIdentifikator": text}


def kuvert(object_id=None, authority="29189439", text="", besked_id=None, kind=POST):
    """A Haendelsesbesked in its JSON form (design §5), a post status unless `kind` says a case. Without object_id the event has no
    object, and so no order. `text` is carried along in the payload."""
    registration = {"ObjektAnsvarligMyndighed": {"URNIdentifikator": f"urn:oio:cvr-nr:{authority}"}}
    if object_id is not None:
        registration["ObjektId"] = uuid_of(object_id)
    payload = (post_status if kind == POST else sag_oprettet)(object_id or str(uuid.uuid4()), text)
    return {"BeskedId": uuid_of(besked_id or str(uuid.uuid4())), "BeskedVersion": "1.0",
            "Beskedkuvert": {"Filtreringsdata": {"Beskedtype": uuid_of(BESKEDTYPE[kind]), "ObjektRegistrering": [registration]},
                             "Leveranceinformation": {"Dannelsestidspunkt": {"TidsstempelDatoTid": utc_now()}}},
            "Beskeddata": [{"@type": f"type.googleapis.com/{kind}", **payload}]}


def post_status(shipment, text):
    return {"TransmissionId": "7654895c-a3f3-4c77-8afd-4c77330f963c", "MessageUUID": shipment, "KanalKode": "Digital Post",
            "TransaktionsDatoTid": utc_now(), "TransaktionsStatusKode": "Afleveret Digital Post", "CorrelationId": text}


def sag_oprettet(sag, text):
    effect = {"fraTidspunkt": {"TidsstempelDatoTid": utc_now()}, "aktoerRef": uuid_of("96514e13-afdd-44d6-95a8-adc2ca19b127"),
              "aktoerTypeKode": "AKTOER_TYPE_KODE_IT_SYSTEM"}
    return {"sag": {"objektId": uuid_of(sag), "registrering": {"livscyklusKode": "LIVSCYKLUS_KODE_OPSTAAET"},
                    "egenskaber": [{"virkning": effect, "brugervendtnoegle": "2026-1", "sagsnummer": "2026-1", "titel": "Byggesag",
                                    **({"integrationsdata": text} if text else {})}],
                    "fremdrift": [{"virkning": effect, "fremdrift": "FREMDRIFT_STATUS_OPSTAAET"}]}}


def id_of(event):
    return event["BeskedId"]["UUIDIdentifikator"]


def text_of(event):
    return event["Beskeddata"][0]["CorrelationId"]


def encoded(event):
    return json.dumps(event, ensure_ascii=False).encode("utf-8")


# -- the power-loss shim of power_loss/ (its README tells the variables) -------------------------------------------------------------------
class PowerLoss:
    def __init__(self, library):
        self.library = library
        self.undo = os.path.join(os.path.dirname(library), "power_loss_undo")

    def environment(self, store):
        return {"LD_PRELOAD": self.library, "VERA_FAULT_FOLDER": store}

    def remembering(self, store, log):
        os.makedirs(log, exist_ok=True)
        return {**self.environment(store), "VERA_FAULT_LOG": log}

    def lose(self, log, store, mode, seed):
        """What was not synced is gone: `all` of it, or a `random` half of its sectors."""
        words = [self.undo, log, store, mode] + ([str(seed)] if mode == "random" else [])
        subprocess.run(words, check=True, capture_output=True)


def power_loss():
    library = os.environ.get("VERA_POWER_LOSS", "")
    if not os.path.exists(library):
        raise Skip("the power-loss shim is not built")
    return PowerLoss(library)
