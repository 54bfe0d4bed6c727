"""The bus as a service: it stops in order under load, tells its supervisor how it is doing, reloads on request; unit, package and container
file are what they should be. VERA_STOPS sets the number of stops, VERA_SEED repeats a run."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import harness
import load
from harness import ROOT, VERA, Bus, Skip, case, check, equal, eventually, folder, vera

STOPS = int(os.environ.get("VERA_STOPS") or (100 if harness.FULL else 10))
STOP_SECONDS = 10
UNIT = os.path.join(ROOT, "deploy", "systemd", "vera.service")


# -- stopping ----------------------------------------------------------------------------------------------------------------------------
@case("system: SIGTERM under load ends in order within its limit and loses nothing", seconds=1800, alone=True)
def stops_lose_nothing():
    rng = harness.seed()
    with folder() as path, Bus(path, **load.settings(), stop_timeout=f"{STOP_SECONDS}s") as bus:
        bus.start()
        logs = os.path.join(path, "logs")
        os.mkdir(logs)
        pressure, slowest = load.Load(bus, logs, rng), 0
        try:
            for _ in range(STOPS):
                until = pressure.accepted() + rng.randrange(50, 400)
                eventually(lambda: pressure.accepted() >= until, 30, "traffic goes on", every=rng.uniform(0.0003, 0.003))
                began = time.monotonic()
                equal(bus.stop(2 * STOP_SECONDS + 10), 0, f"exit status\n{bus.log_tail()}")
                slowest = max(slowest, time.monotonic() - began)
                bus.start(seconds=30)
            pressure.drain()
        finally:
            pressure.end()
        verdict = load.verify(logs)
        print(f"{STOPS} stops: {verdict}; slowest stop {slowest * 1000:.0f} ms", flush=True)
        check(verdict.accepted > STOPS * 50, "hardly any traffic:", verdict)
        check(verdict.lost == verdict.altered == verdict.foreign == verdict.disordered == verdict.unmarked == 0, verdict)
        # Publishers that go on sending are cut off after half of the time; what of theirs had no answer they send again, and a plain
        # queue does not recognise it.
        bound = STOPS * len(pressure.producers) * load.WINDOW
        check(verdict.duplicates <= bound, f"more than {bound} duplicates:", verdict)
        check(slowest < 2 * STOP_SECONDS, f"a stop took {slowest:.1f} s")
        starts = re.findall(r'msg="store recovered".* clean=(\w+)', bus.log_text())
        equal(starts[1:], ["yes"] * STOPS, "stores marked as ended in order")


@case("system: a consumer that never settles holds up a stop for half of stop_timeout and no longer", seconds=60)
def holders_are_not_waited_for():
    import amqp_raw as amqp
    with folder() as path, Bus(path, queues=["q"], stop_timeout="2s") as bus:
        bus.start()
        client = amqp.Client(bus.port, seconds=20)
        sender = client.sender("queue/q")
        client.send(sender, load.Message(load.PLAIN, "p", 1, harness.seed()).bytes)
        receiver = client.receiver("queue/q", credit=1)
        while not receiver.inbox:
            client.pump(time.monotonic() + 10)
            client.handle_buffered()
        began = time.monotonic()
        equal(bus.stop(), 0, "exit status")
        took = time.monotonic() - began
        check(0.9 < took < 4, f"took {took:.2f} s")
        client.drop()
        bus.start()
        equal(bus.queues()["queue/q"]["ready"], 1, "what was held is back")


# -- the supervisor ------------------------------------------------------------------------------------------------------------------------
class Supervisor:
    """systemd's end of the notify socket."""

    def __init__(self, path):
        self.path = os.path.join(path, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)

    def next(self, seconds=10):
        """{key: value} of the next message."""
        self.socket.settimeout(seconds)
        lines = self.socket.recv(4096).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def wait_for(self, key, seconds=10):
        deadline = time.monotonic() + seconds
        while True:
            message = self.next(max(0.01, deadline - time.monotonic()))
            if key in message:
                return message

    def quiet(self):
        """What has been said and not been heard."""
        self.socket.setblocking(False)
        heard = []
        with contextlib.suppress(BlockingIOError):
            while True:
                heard.append(self.socket.recv(4096))
        return heard


@case("system: a supervisor hears READY, WATCHDOG, RELOADING and STOPPING when they are true", seconds=60)
def supervisor_is_told():
    with folder() as path:
        supervisor = Supervisor(path)
        environment = {"NOTIFY_SOCKET": supervisor.path, "WATCHDOG_USEC": "400000"}
        with Bus(path, environment=environment, stop_timeout="3s") as bus:
            bus.start()
            check("Recovering" in supervisor.wait_for("STATUS")["STATUS"])
            ready = supervisor.wait_for("READY")
            check(f"127.0.0.1:{bus.port}" in ready["STATUS"], ready)
            vera("status", "--url", bus.url)
            began = time.monotonic()
            for _ in range(5):
                supervisor.wait_for("WATCHDOG", 0.4)
            check(time.monotonic() - began < 2, "the watchdog is fed too seldom")
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            bus.signal(signal.SIGHUP)
            check(int(supervisor.wait_for("RELOADING")["MONOTONIC_USEC"]) >= before, "the time of the reload")
            supervisor.wait_for("READY")
            bus.signal(signal.SIGSTOP)  # nothing answers any more
            eventually(lambda: open(f"/proc/{bus.process.pid}/stat", encoding="ascii").read().split()[2] == "T", 5, "it is stopped")
            supervisor.quiet()
            with contextlib.suppress(TimeoutError):
                raise AssertionError(f"said while nothing ran: {supervisor.next(0.5)}")  # longer than the watchdog's time
            bus.signal(signal.SIGCONT)
            supervisor.wait_for("WATCHDOG")
            bus.process.terminate()
            stopping = supervisor.wait_for("STOPPING")
            check(int(stopping["EXTEND_TIMEOUT_USEC"]) > 3_000_000, stopping)
            equal(bus.process.wait(30), 0, "exit status")


# -- configuration of the running bus -------------------------------------------------------------------------------------------------------
@case("system: config diff and reload tell what changes, reload is all or nothing", seconds=60)
def reload_by_management():
    with folder() as path, Bus(path, queues=["q"]) as bus:
        bus.start()
        same = json.loads(vera("config", "diff", "-c", bus.config_file, "--url", bus.url, "--json").stdout)
        equal(same["differences"], [], "nothing changed")
        equal(same["digest"], same["fileDigest"], "digests")
        settings = {**bus.settings, "limits": {"event": "2MiB"}, "door": {"links": 7}, "queues": [{"name": "q"}, {"name": "r"}]}
        bus.write_configuration(settings)
        changed = json.loads(vera("config", "diff", "-c", bus.config_file, "--url", bus.url, "--json").stdout)
        found = {one["key"]: (one["running"], one["file"], one["takes"]) for one in changed["differences"]}
        equal(found.get("limits.event"), ("1MiB", "2MiB", "reload"))
        equal(found.get("door.links"), (256, 7, "restart"))
        equal(found.get("queues[r].name"), (None, "r", "reload"))
        check("limits.message" not in found, found)
        text = vera("config", "diff", "-c", bus.config_file, "--url", bus.url).stdout
        check("door.links" in text and "restart" in text, text)

        done = json.loads(vera("config", "reload", "--url", bus.url, "--json").stdout)
        equal(done["generation"], done["generationBefore"] + 1, "generation")
        equal((done["digestBefore"], done["digest"]), (same["digest"], changed["fileDigest"]), "digests")
        equal(done["needRestart"], ["door.links"])
        check("queue/r" in bus.queues(), "the new queue is there")
        left = json.loads(vera("config", "diff", "-c", bus.config_file, "--url", bus.url, "--json").stdout)["differences"]
        equal([one["key"] for one in left], ["door.links"], "only a restart changes it")

        bus.write_configuration({**settings, "queues": [{"name": "s"}], "limts": {"event": "3MiB"}, "node": "Æ"})
        refused = vera("config", "reload", "--url", bus.url, expect=1).stderr
        check("limts: unknown key; did you mean `limits`?" in refused and "node: not a name" in refused, refused)
        status = json.loads(vera("status", "--url", bus.url, "--json").stdout)
        equal((status["generation"], status["digest"]), (done["generation"], done["digest"]), "the old one stays")
        check("queue/s" not in bus.queues(), "nothing of it was taken")


@case("system: only an operator sees and reloads the configuration", seconds=60)
def reload_is_for_operators():
    with folder() as path:
        systems = []
        for name in ("drift", "esdh"):
            secret = os.path.join(path, name)
            with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as out:
                out.write(name)
            hashed = vera("secret", "hash", stdin=name + "\n").stdout.strip()
            systems.append({"name": name, "authority": "29189382", "secrets": [hashed], "operator": name == "drift"})
        authorities = [{"cvr": "29189382", "name": "Hjørring Kommune"}]
        with Bus(path, authorities=authorities, systems=systems) as bus:
            bus.start()

            def ask(verb, name, expect):
                words = ["config", verb, *(["-c", bus.config_file] if verb == "diff" else [])]
                return vera(*words, "--url", bus.url, "--user", name, "--secret-file", os.path.join(path, name), expect=expect)

            for verb in ("diff", "reload"):
                check("operator: true" in ask(verb, "esdh", 1).stderr)
                check("scrypt" not in ask(verb, "drift", 0).stdout)
            check("no difference" in ask("diff", "drift", 0).stdout, "secrets are the same")


# -- unit, package, container -----------------------------------------------------------------------------------------------------------------
@case("system: the unit's exposure is at most 1.5 and systemd finds no fault in it", seconds=60)
def unit_is_hardened():
    if not shutil.which("systemd-analyze"):
        raise Skip("systemd-analyze is not here")
    result = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", UNIT],
                            capture_output=True, text=True, check=False)
    print(result.stdout.strip().splitlines()[-1])
    equal(result.returncode, 0, result.stdout)
    result = subprocess.run(["systemd-analyze", "verify", "--man=no", UNIT], capture_output=True, text=True, check=False)
    faults = [line for line in result.stderr.splitlines() if UNIT in line or "vera.service:" in line]
    equal([line for line in faults if "/usr/bin/vera is not executable" not in line], [], "faults")


def unit_values(key):
    return re.findall(rf"^{key}=(.*)$", open(UNIT, encoding="utf-8").read(), re.M)


@case("system: the unit supervises the daemon and leaves it time to stop", seconds=30)
def unit_supervises():
    equal(unit_values("Type"), ["notify"])
    equal(unit_values("WatchdogSec"), ["30s"])
    equal(unit_values("ExecReload"), ["/bin/kill -HUP $MAINPID"])
    verb = unit_values("ExecStart")[0].split()
    equal(verb[:2], ["/usr/bin/vera", "serve"])
    with folder() as path:  # its words are words of the verb: what is wrong is the file alone
        words = [os.path.join(path, "none.yaml") if word.endswith(".yaml") else word for word in verb[1:]]
        check("cannot be read" in vera(*words, expect=1).stderr)


def package(path):
    for tool in ("cpack", "dpkg-shlibdeps", "dpkg-deb", "file"):
        if not shutil.which(tool):
            raise Skip(f"{tool} is not here (deploy/install package)")
    build = os.path.dirname(os.path.dirname(VERA))
    config = os.path.join(build, "CPackConfig.cmake")
    if not os.path.exists(config):
        raise Skip("the build has no CPackConfig.cmake")
    result = subprocess.run(["cpack", "--config", config, "-B", path], capture_output=True, text=True, check=False, cwd=path)
    equal(result.returncode, 0, result.stdout + result.stderr)
    return next(os.path.join(path, name) for name in os.listdir(path) if name.endswith(".deb"))


@case("system: the package has what a service needs, the right owners and dependencies", seconds=600)
def package_is_whole():
    with folder() as path:
        deb = package(path)

        def told(*words):
            return subprocess.run(["dpkg-deb", *words], capture_output=True, text=True, check=True).stdout

        files = {line.split()[5].removeprefix("."): line.split()[:2] for line in told("--contents", deb).splitlines()}
        for name in ("/usr/bin/vera", "/usr/lib/systemd/system/vera.service", "/etc/vera/vera.yaml", "/etc/vera/subscriptions.d/README",
                     "/usr/share/man/man1/vera.1.gz", "/usr/share/bash-completion/completions/vera", "/usr/share/doc/vera/copyright",
                     "/usr/share/doc/vera/OPTIONS.md", "/usr/share/doc/vera/vera.yaml.example"):
            check(name in files, f"{name} is missing", sorted(files))
        check(all(owner == "root/root" for _, owner in files.values()), "owners", files)
        check(not [name for name, (mode, _) in files.items() if "s" in mode or (mode[0] != "l" and mode[8] == "w")], "modes", files)
        depends = told("--field", deb, "Depends")
        for wanted in ("libc6", "libstdc++6", "libssl3", "libprotobuf32", "libqpid-proton11", "libqpid-proton-cpp12", "adduser"):
            check(wanted in depends, f"{wanted} is no dependency: {depends}")
        control = os.path.join(path, "control")
        told("--control", deb, control)
        equal(open(os.path.join(control, "conffiles"), encoding="ascii").read(), "/etc/vera/vera.yaml\n")
        for script in ("postinst", "prerm", "postrm"):
            subprocess.run(["sh", "-n", os.path.join(control, script)], check=True)
            check(os.access(os.path.join(control, script), os.X_OK), f"{script} cannot be run")
        tree = os.path.join(path, "tree")
        told("--extract", deb, tree)
        vera("config", "check", "-c", os.path.join(tree, "etc/vera/vera.yaml"))
        vera("config", "check", "-c", os.path.join(tree, "usr/share/doc/vera/vera.yaml.example"))


@case("system: the package installs, runs and goes again on a clean Debian", seconds=1800, alone=True)
def package_on_clean_machine():
    if not harness.FULL:
        raise Skip("only with --full: it makes a Debian of its own")
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        raise Skip("needs root and debootstrap")
    with folder() as path:
        result = subprocess.run([os.path.join(ROOT, "deploy", "package"), "--try", package(path)], capture_output=True, text=True, check=False)
        print(result.stdout)
        check(result.returncode == 0 and "it installs and runs on a clean machine" in result.stdout, result.stderr)


@case("system: the container file is without root, shell and secrets", seconds=30)
def container_is_bare():
    text = open(os.path.join(ROOT, "deploy", "container", "Containerfile"), encoding="utf-8").read()
    last = text[text.rindex("\nFROM "):]
    equal(last.split()[:2], ["FROM", "scratch"], "the image begins with nothing")
    words = re.findall(r"^(\w+) (.*)$", last, re.M)
    check(not [one for one in words if one[0] in ("RUN", "ADD", "ENV", "ARG")], "the last stage only copies", words)
    user = dict(words)["USER"]
    check(re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user), f"not a number that is not root: {user}")
    check(json.loads(dict(words)["ENTRYPOINT"]) == ["/usr/bin/vera"], "no shell starts it")
    equal(json.loads(dict(words)["CMD"])[0], "serve")
    for flag in ("--read-only", "--cap-drop ALL", "--security-opt no-new-privileges"):
        check(flag in text, f"the command shown lacks {flag}")


@case("system: with its libraries alone, no shell and not as root the bus serves and stops", seconds=120)
def bare_root_is_enough():
    """What the container's last stage holds, made by the same rule, entered by chroot: no engine is needed to try it."""
    if os.geteuid() != 0:
        raise Skip("chroot needs root")
    with folder() as path:
        root = os.path.join(path, "root")
        listed = subprocess.run(["ldd", VERA], capture_output=True, text=True, check=True).stdout
        for library in [*re.findall(r"(/\S+)", listed), VERA]:
            target = root + ("/usr/bin/vera" if library == VERA else library)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(os.path.realpath(library), target)
            os.chmod(target, 0o755)
        for name, mode in (("etc/vera", 0o755), ("var/lib/vera", 0o700)):
            os.makedirs(os.path.join(root, name))
            os.chmod(os.path.join(root, name), mode)
        os.chown(os.path.join(root, "var/lib/vera"), 10001, 10001)
        for above in (path, root):
            os.chmod(above, 0o755)
        with open(os.path.join(root, "etc/vera/vera.yaml"), "w", encoding="utf-8") as out:
            json.dump(harness.configuration("/var/lib/vera/store", queues=["q"]), out)

        def enter():
            os.chroot(root)
            os.chdir("/")
            os.setgroups([])
            os.setgid(10001)
            os.setuid(10001)

        log = open(os.path.join(path, "log"), "wb")
        process = subprocess.Popen(["/usr/bin/vera", "serve", "-c", "/etc/vera/vera.yaml", "--port-file", "/var/lib/vera/port"],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=enter,
                                   env={"ASAN_OPTIONS": "detect_leaks=0", "LSAN_OPTIONS": "detect_leaks=0"})  # no /proc in there
        port_file = os.path.join(root, "var/lib/vera/port")
        try:
            eventually(lambda: os.path.exists(port_file) or process.poll() is not None, 30, "it serves")
            check(process.poll() is None, open(os.path.join(path, "log"), encoding="utf-8").read())
            url = f"amqp://127.0.0.1:{open(port_file, encoding='ascii').read().split()[0]}"
            vera("event", "publish", "--as", "json", "--url", url, "-", stdin=json.dumps(harness.kuvert()))
            check("queue/q" in vera("queue", "ls", "--url", url).stdout)
        finally:
            process.terminate()
            equal(process.wait(30), 0, open(os.path.join(path, "log"), encoding="utf-8").read())


if __name__ == "__main__":
    harness.main()
