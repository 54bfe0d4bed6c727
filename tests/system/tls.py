"""TLS and SASL EXTERNAL against a real daemon: versions, ciphers, names, certificates of every bad kind, reload under load, other people's
clients, the command line. Certificates are made by deploy/pki; those with dates of their own by `openssl ca`."""
import contextlib
import functools
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

import amqp_raw as amqp
import clients
import harness
from harness import Bus, Skip, case, check, equal, eventually, folder, kuvert, subscription, vera

SUBJECT = {"organizationIdentifier": "NTRDK-29189382", "CN": "sbsys"}
ATTRIBUTES = "O=Test,organizationIdentifier=NTRDK-29189382"


def openssl(*words, stdin="", expect=0):
    if shutil.which("openssl") is None:
        raise Skip("openssl is not installed")
    result = subprocess.run(["openssl", *words], input=stdin, capture_output=True, text=True, timeout=60, check=False, errors="replace")
    check(expect is None or result.returncode == expect, f"openssl {' '.join(words)}: {result.stderr}")
    return result


def make_pki(path, *words):
    if shutil.which("openssl") is None:
        raise Skip("openssl is not installed")
    result = subprocess.run([os.path.join(harness.ROOT, "deploy", "pki"), path, *words], capture_output=True, text=True, timeout=60, check=False)
    check(result.returncode == 0, f"deploy/pki: {result.stderr}")
    return result.stdout


def dated(pki, name, start, end, purpose="clientAuth"):
    """A certificate of the authority in `pki` with dates of its own, as YYYYMMDDHHMMSSZ."""
    place = os.path.join(pki, f"ca-{name}")
    os.mkdir(place)
    open(os.path.join(place, "index"), "w", encoding="ascii").close()
    config = os.path.join(place, "config")
    with open(config, "w", encoding="ascii") as out:
        out.write(f"[ca]\ndefault_ca=it\n[it]\ndatabase={place}/index\nnew_certs_dir={place}\nrand_serial=yes\ndefault_md=sha256\n"
                  "policy=any\nemail_in_dn=no\nunique_subject=no\n[any]\nO=optional\norganizationIdentifier=optional\nCN=supplied\n"
                  f"[leaf]\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage={purpose}\nsubjectAltName=DNS:localhost\n")
    base = os.path.join(pki, name)
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{base}.key", "-out", f"{base}.csr",
            "-subj", "/O=Test/organizationIdentifier=NTRDK-29189382/CN=sbsys")
    openssl("ca", "-batch", "-notext", "-config", config, "-cert", f"{pki}/ca.pem", "-keyfile", f"{pki}/ca.key", "-in", f"{base}.csr", "-out",
            f"{base}.pem", "-startdate", start, "-enddate", end, "-extensions", "leaf")
    os.chmod(f"{base}.key", 0o600)


def day(offset):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + offset * 86400))


class TlsBus(Bus):
    """Listens without TLS for the harness' verbs, and with TLS on `tls_port`."""

    def __init__(self, path, client_certificate="optional", **more):
        self.pki = os.path.join(path, "pki")
        make_pki(self.pki, "--server", "localhost,bus.example", "--server", "other.example", "--client", f"sbsys,{ATTRIBUTES}", "--client",
                 "fremmed,O=Test")
        self.tls = {"certificates": [{"certificate": "pki/localhost.pem", "key": "pki/localhost.key"},
                                     {"certificate": "pki/other.example.pem", "key": "pki/other.example.key"}],
                    "client_ca": "pki/ca.pem", "client_certificate": client_certificate}
        super().__init__(path, [subscription("alle")], ["lager"],
                         listen=[{"address": "127.0.0.1", "port": 0, "anonymous": True},
                                 {"address": "127.0.0.1", "port": 0, "tls": self.tls}],
                         authorities=[{"cvr": "29189382", "name": "Hjørring Kommune"}],
                         systems=[{"name": "sbsys-hjoerring", "authority": "29189382", "secrets": [hashed("hemmelig")],
                                   "certificates": [SUBJECT, {"serialNumber": "the-next-one"}]}],
                         **more)

    def start(self, *words, **more):
        super().start(*words, **more)
        self.tls_port = int(open(self.port_file, encoding="ascii").read().split()[1])
        return self

    @property
    def tls_url(self):
        return f"amqps://localhost:{self.tls_port}"

    def context(self, name="sbsys", ca=None, cert=None, **versions):
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.load_verify_locations(ca or os.path.join(self.pki, "ca.pem"))
        if name or cert:
            base = cert or os.path.join(self.pki, name)
            made.load_cert_chain(f"{base}.pem", f"{base}.key")
        for key, value in versions.items():
            setattr(made, key, value)
        return made

    def client(self, name="sbsys", **more):
        return amqp.Client(self.tls_port, host="localhost", tls=self.context(name), mechanism="EXTERNAL" if name else None, **more)

    def status(self):
        return json.loads(vera("status", "--url", self.url, "--json").stdout)

    def flags(self, name="sbsys"):
        return ["--url", self.tls_url, "--tls-ca", f"{self.pki}/ca.pem", "--tls-cert", f"{self.pki}/{name}.pem", "--tls-key",
                f"{self.pki}/{name}.key"]

    def reload(self, word):
        """SIGHUP, until the log says `word` once more."""
        before = self.log_text().count(word)
        self.signal(signal.SIGHUP)
        eventually(lambda: self.log_text().count(word) > before, 20, word)


@functools.lru_cache
def hashed(secret):
    return vera("secret", "hash", stdin=secret + "\n").stdout.split()[-1]


def serial(context, port, name):
    with socket.create_connection(("localhost", port), timeout=10) as tcp, context.wrap_socket(tcp, server_hostname=name) as secure:
        certificate = secure.getpeercert()
        return dict(pair[0] for pair in certificate["subject"])["commonName"], certificate["serialNumber"]


@case("system: only TLS 1.2 and 1.3 with forward secrecy are spoken")
def versions_and_ciphers():
    with folder() as path, TlsBus(path).start() as bus:
        base = ["s_client", "-connect", f"127.0.0.1:{bus.tls_port}", "-CAfile", f"{bus.pki}/ca.pem", "-verify_return_error", "-servername",
                "localhost"]
        for words, version in ((["-tls1_3"], "TLSv1.3"), (["-tls1_2"], "TLSv1.2"),
                               (["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], "TLSv1.2")):
            text = openssl(*base, *words).stdout
            check(f"New, {version}" in text and "Compression: NONE" in text, words, text)
            check("Verify return code: 0 (ok)" in text, words, text)
        for words, alert in ((["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "protocol version"), (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], "protocol version"),
                             (["-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"], "handshake failure"),
                             (["-tls1_2", "-cipher", "eNULL:@SECLEVEL=0"], "handshake failure"),
                             (["-tls1_2", "-cipher", "kRSA:@SECLEVEL=0"], "handshake failure"),
                             (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0"], "handshake failure"),
                             (["-tls1_2", "-cipher", "DHE:@SECLEVEL=0"], "handshake failure")):
            result = openssl(*base, *words, expect=None)
            check(result.returncode != 0 and alert in result.stderr, words, result.stderr)
        # Renegotiation: s_client asks for one on a line with R.
        result = openssl(*base, "-tls1_2", stdin="R\n", expect=None)
        check("no renegotiation" in result.stderr, result.stderr)
        equal(bus.status()["tlsFailures"] >= 7, True, "counted failures")


@case("system: the certificate follows the name that a client asks for")
def names():
    with folder() as path, TlsBus(path).start() as bus:
        for asked, wanted in (("localhost", "localhost"), ("bus.example", "localhost"), ("other.example", "other.example")):
            equal(serial(bus.context(None), bus.tls_port, asked)[0], wanted, asked)
        unchecked = bus.context(None)
        unchecked.check_hostname = False
        equal(serial(unchecked, bus.tls_port, "unknown.example")[0], "localhost", "an unknown name")
        with contextlib.suppress(ssl.SSLCertVerificationError):
            serial(bus.context(None), bus.tls_port, "unknown.example")
            raise AssertionError("a certificate for another name was taken")


@case("system: EXTERNAL lets in a known certificate and no other, and each failure ends its connection alone", 120)
def certificates():
    with folder() as path, TlsBus(path).start() as bus, folder() as elsewhere:
        make_pki(elsewhere, "--client", f"sbsys,{ATTRIBUTES}")
        dated(bus.pki, "expired", day(-20), day(-10))
        dated(bus.pki, "early", day(10), day(20))
        dated(bus.pki, "server-only", day(-1), day(10), "serverAuth")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{bus.pki}/self.key", "-out",
                f"{bus.pki}/self.pem", "-subj", "/O=Test/organizationIdentifier=NTRDK-29189382/CN=sbsys", "-days", "10")
        good = bus.client()
        equal([str(one) for one in good.mechanisms], ["EXTERNAL", "PLAIN"])
        good_sender = good.sender("queue/lager")
        failures = bus.status()["tlsFailures"]
        bad = {"of another authority": (os.path.join(elsewhere, "sbsys"), "unknown ca"), "expired": (f"{bus.pki}/expired", "certificate expired"),
               "not valid yet": (f"{bus.pki}/early", "bad certificate"), "self-signed": (f"{bus.pki}/self", "unknown ca"),
               "of a server": (f"{bus.pki}/server-only", "unsupported certificate")}
        for name, (base, alert) in bad.items():
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                context = bus.context(cert=base, minimum_version=version, maximum_version=version)
                try:
                    amqp.Client(bus.tls_port, host="localhost", tls=context, mechanism="EXTERNAL")
                except (OSError, amqp.ProtocolError) as refused:  # with TLS 1.3 the alert comes with the first read
                    check(alert in str(refused).lower().replace("_", " "), name, version, refused)
                else:
                    raise AssertionError(f"a certificate {name} was let in")
        equal(bus.status()["tlsFailures"], failures + 2 * len(bad), "counted failures")
        for name, wanted in (("fremmed", None), ("sbsys", "another-system")):
            try:
                bus.client(name, user=wanted)
                raise AssertionError(f"{name} was let in as {wanted}")
            except amqp.ProtocolError as refused:
                check("SASL outcome" in str(refused), refused)
        # Without a certificate: no EXTERNAL, but PLAIN.
        try:
            amqp.Client(bus.tls_port, host="localhost", tls=bus.context(None), mechanism="EXTERNAL")
            raise AssertionError("EXTERNAL without a certificate")
        except amqp.ProtocolError as refused:
            check("SASL outcome" in str(refused), refused)
        plain = amqp.Client(bus.tls_port, host="localhost", tls=bus.context(None), user="sbsys-hjoerring", password="hemmelig")
        equal([str(one) for one in plain.mechanisms], ["PLAIN"])
        equal(good.publish(good_sender, amqp.encode(amqp.Described(0x77, "hej"))).code, amqp.ACCEPTED, "the good connection goes on")
        for client in (plain, good):
            client.close()


@case("system: a listener can require a client certificate")
def required():
    with folder() as path, TlsBus(path, "required").start() as bus:
        bus.client().close()
        try:
            amqp.Client(bus.tls_port, host="localhost", tls=bus.context(None), user="sbsys-hjoerring", password="hemmelig")
            raise AssertionError("let in without a certificate")
        except (OSError, amqp.ProtocolError) as refused:
            check("certificate required" in str(refused).lower().replace("_", " "), refused)


@case("system: who speaks the wrong thing or half of it is closed, and others are served")
def strangers():
    with folder() as path, TlsBus(path, door={"handshake_timeout": "1s"}).start() as bus:
        good = bus.client()

        def answer(port, data):
            with socket.create_connection(("127.0.0.1", port), timeout=15) as tcp:
                tcp.sendall(data)
                got = b""
                while chunk := tcp.recv(4096):
                    got += chunk
                return got

        equal(answer(bus.tls_port, amqp.SASL_HEADER), b"AMQP\x02\x01\x00\x00", "AMQP without TLS is told what is spoken")
        answer(bus.tls_port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        equal(answer(bus.port, bytes.fromhex("16030100c8010000c40303") + bytes(100))[:8], amqp.SASL_HEADER, "TLS where there is none")
        before = time.monotonic()
        answer(bus.tls_port, bytes.fromhex("16030100c8010000"))  # the beginning of a ClientHello, then silence
        answer(bus.tls_port, b"")
        check(time.monotonic() - before < 10, "half a handshake is closed by its deadline")
        status = bus.status()
        equal(status["tlsFailures"], 2)
        equal(status["handshakeTimeouts"], 2)
        sender = good.sender("queue/lager")
        equal(good.publish(sender, amqp.encode(amqp.Described(0x77, "hej"))).code, amqp.ACCEPTED)
        good.close()


@case("system: certificates reload under load, no connection is dropped and no message lost", 180)
def reload_under_load():
    with folder() as path, TlsBus(path).start() as bus:
        stop, sent, errors = threading.Event(), [], []

        def produce():
            try:
                client = bus.client(seconds=60)
                link = client.sender("queue/lager")
                while not sent or sent[-1] != "the last":
                    name = "the last" if stop.is_set() else f"m{len(sent)}"
                    equal(client.publish(link, amqp.encode(amqp.Described(0x77, name)), seconds=60).code, amqp.ACCEPTED)
                    sent.append(name)
                client.close()
            except Exception as error:  # told to the test
                errors.append(error)

        got = []

        def consume():
            try:
                client = bus.client(seconds=60)
                link = client.receiver("queue/lager", credit=1)
                last = amqp.encode(amqp.Described(0x77, "the last"))
                while not got or got[-1] != last:
                    delivery = client.take(link, seconds=60)
                    got.append(amqp.bare(delivery.message))
                    client.settle(delivery)
                    client.flow(link, 1)
                client.close()
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=produce), threading.Thread(target=consume)]
        for thread in threads:
            thread.start()
        seen = {serial(bus.context(None), bus.tls_port, "localhost")[1]}
        rounds = 100 if harness.FULL else 12
        for number in range(rounds):
            for file in ("localhost.pem", "localhost.key"):
                os.unlink(os.path.join(bus.pki, file))
            make_pki(bus.pki, "--server", "localhost,bus.example")
            bus.reload("configuration reloaded")
            seen.add(serial(bus.context(None), bus.tls_port, "localhost")[1])
            count = len(sent)
            eventually(lambda: len(sent) > count or errors, 60, "messages go on")
            check(not errors, errors)
            equal(len(seen), number + 2, "each reload shows a new certificate to new connections")
        stop.set()
        for thread in threads:
            thread.join(60)
        check(not errors, errors)
        check(got == [amqp.encode(amqp.Described(0x77, name)) for name in sent], f"received {len(got)} of {len(sent)}, or in another order")
        status = bus.status()
        equal(status["tlsFailures"], 0)
        equal(bus.queues()["queue/lager"]["ready"], 0)
        print(f"{rounds} reloads, {len(sent)} messages", flush=True)


@case("system: a reloaded authority and mapping decide about new connections, old ones stay")
def authority_reload():
    with folder() as path, TlsBus(path).start() as bus, folder() as elsewhere:
        make_pki(elsewhere, "--client", f"sbsys,{ATTRIBUTES}", "--client", "afloeser,O=Test")
        old = bus.client()
        sender = old.sender("queue/lager")
        shutil.copy(os.path.join(elsewhere, "ca.pem"), os.path.join(bus.pki, "next-ca.pem"))
        settings = bus.settings
        settings["listen"][1]["tls"]["client_ca"] = "pki/next-ca.pem"
        settings["systems"][0]["certificates"].append({"CN": "afloeser"})
        bus.write_configuration(settings)
        bus.reload("configuration reloaded")
        for name in ("sbsys", "afloeser"):
            context = bus.context(cert=os.path.join(elsewhere, name))
            amqp.Client(bus.tls_port, host="localhost", tls=context, mechanism="EXTERNAL").close()
        try:
            bus.client()
            raise AssertionError("the old authority is still trusted")
        except (OSError, amqp.ProtocolError) as refused:
            check("unknown ca" in str(refused).lower().replace("_", " "), refused)
        equal(old.publish(sender, amqp.encode(amqp.Described(0x77, "hej"))).code, amqp.ACCEPTED, "the old connection goes on")
        old.close()
        check("needs a restart" not in bus.log_text(), "nothing of this needs a restart")


@case("system: a reload with certificates that do not fit changes nothing and names file and key")
def bad_reloads():
    with folder() as path, TlsBus(path).start() as bus:
        before = serial(bus.context(None), bus.tls_port, "localhost")
        dated(bus.pki, "expired", day(-20), day(-10), "serverAuth")
        keep = {name: open(os.path.join(bus.pki, name), "rb").read() for name in ("localhost.pem", "localhost.key", "ca.pem")}

        def put(name, data, mode=0o600):
            file = os.path.join(bus.pki, name)
            with open(file, "wb") as out:
                out.write(data)
            os.chmod(file, mode)

        def read(name):
            return open(os.path.join(bus.pki, name), "rb").read()

        spoilt = [
            ("does not belong to the certificate", "listen[1].tls.certificates[0].key", lambda: put("localhost.key", read("other.example.key"))),
            ("can be read by others (mode 0644)", "listen[1].tls.certificates[0].key", lambda: os.chmod(f"{bus.pki}/localhost.key", 0o644)),
            ("expired at", "listen[1].tls.certificates[0].certificate",
             lambda: (put("localhost.pem", read("expired.pem")), put("localhost.key", read("expired.key")))),
            ("cannot be read: No such file", "listen[1].tls.certificates[0].certificate", lambda: os.unlink(f"{bus.pki}/localhost.pem")),
            ("holds no certificate in PEM form", "listen[1].tls.client_ca", lambda: put("ca.pem", b"nothing")),
            ("is not that of a certification authority", "listen[1].tls.client_ca", lambda: put("ca.pem", read("other.example.pem"))),
        ]
        for reason, key, spoil in spoilt:
            spoil()
            bus.reload("configuration not reloaded")
            line = [one for one in bus.log_text().splitlines() if "configuration error" in one][-1]
            for part in (reason, key, "vera.yaml"):
                check(part in line, f"{part!r} is missing in", line)
            check(re.search(r"line=\d*[1-9]", line), "a line number is missing in", line)
            result = vera("config", "check", "-c", bus.config_file, expect=1)
            check(reason in result.stderr and key in result.stderr, result.stderr)
            for name, data in keep.items():
                put(name, data)
            equal(serial(bus.context(None), bus.tls_port, "localhost"), before, "the old certificate stays")
        bus.reload("configuration reloaded")


@case("system: the command line speaks TLS, checks names and tells what is wrong")
def command_line():
    with folder() as path, TlsBus(path).start() as bus, folder() as elsewhere:
        make_pki(elsewhere)
        lines = json.dumps(kuvert()) + "\n"
        vera("event", "publish", "--as", "json", *bus.flags(), "-", stdin=lines)
        equal(json.loads(vera("sub", "tail", "alle", "-n", "1", "--json", *bus.flags()).stdout)["Beskeddata"][0]["@type"].split("/")[1], harness.POST)
        text = vera("status", *bus.flags()).stdout
        check(re.search(r"127\.0\.0\.1:%d +yes +EXTERNAL PLAIN +optional +CN=localhost" % bus.tls_port, text), text)
        check(re.search(r"127\.0\.0\.1:%d +no " % bus.port, text), text)
        vera("bench", "--send", "queue/lager", "--recv", "queue/lager", "--durable", "--count", "2000", *bus.flags())
        secret = os.path.join(path, "secret")
        with open(secret, "w", encoding="ascii") as out:
            out.write("hemmelig")
        os.chmod(secret, 0o600)
        vera("queue", "ls", "--url", bus.tls_url, "--tls-ca", f"{bus.pki}/ca.pem", "--user", "sbsys-hjoerring", "--secret-file", secret)
        for words, part in ((["--url", bus.tls_url, "--tls-ca", f"{elsewhere}/ca.pem"], "certificate verify failed"),
                            ([*bus.flags()[2:], "--url", f"amqps://127.0.0.1:{bus.tls_port}"], "certificate verify failed"),
                            (["--url", bus.tls_url], "certificate verify failed"),
                            (["--url", bus.tls_url, "--tls-ca", f"{elsewhere}/none.pem"], "none.pem"),
                            (["--url", bus.url, "--tls-ca", f"{bus.pki}/ca.pem"], "amqps://"),
                            (["--url", f"amqp://localhost:{bus.tls_port}"], "")):
            for verb in (["queue", "ls"], ["bench", "--send", "queue/lager", "--count", "1", "--timeout", "10"]):
                result = vera(*verb, *words, expect=None)
                check(result.returncode in (1, 2) and part in result.stderr, verb, words, result.returncode, result.stderr)


@case("system: Proton and rhea come in over TLS with a certificate")
def other_clients():
    with folder() as path, TlsBus(path).start() as bus:
        ran = []
        with contextlib.suppress(ImportError):
            equal(proton_round(bus), ["hej fra Proton"])
            ran.append("Proton")
        if os.path.isdir(os.path.join(os.environ.get("VERA_RHEA", ""), "node_modules", "rhea")):
            os.environ["VERA_TLS"] = json.dumps({"ca": f"{bus.pki}/ca.pem", "cert": f"{bus.pki}/sbsys.pem", "key": f"{bus.pki}/sbsys.key"})
            try:
                sent = clients.rhea("send", bus.tls_port, "queue/lager", stdin=json.dumps({"body": "hej fra rhea"}) + "\n")
                equal([one["outcome"] for one in sent], ["accepted"])
                equal([one["decoded"]["body"] for one in clients.rhea("receive", bus.tls_port, "queue/lager", 1)], ["hej fra rhea"])
            finally:
                del os.environ["VERA_TLS"]
            ran.append("rhea")
        if not ran:
            raise Skip("neither python3-qpid-proton nor npm's rhea is installed")
        print("with " + " and ".join(ran), flush=True)


def proton_round(bus):
    from proton import Message, SSLDomain
    from proton.utils import BlockingConnection
    domain = SSLDomain(SSLDomain.MODE_CLIENT)
    domain.set_trusted_ca_db(f"{bus.pki}/ca.pem")
    domain.set_peer_authentication(SSLDomain.VERIFY_PEER_NAME)
    domain.set_credentials(f"{bus.pki}/sbsys.pem", f"{bus.pki}/sbsys.key", None)
    connection = BlockingConnection(bus.tls_url, timeout=30, ssl_domain=domain, allowed_mechs="EXTERNAL")
    connection.create_sender("queue/lager").send(Message(body="hej fra Proton"))
    receiver = connection.create_receiver("queue/lager", credit=1)
    message = receiver.receive(timeout=30)
    receiver.accept()
    connection.close()
    return [message.body]


@case("system: deploy/pki keeps what is good and renews what is not")
def pki_again():
    with folder() as path:
        pki = os.path.join(path, "pki")
        first = make_pki(pki, "--server", "localhost", "--client", "a,O=Test")
        equal([line.split()[0] for line in first.splitlines()[:3]], ["made"] * 3)
        equal([line.split()[0] for line in make_pki(pki, "--server", "localhost", "--client", "a,O=Test").splitlines()[:3]], ["kept"] * 3)
        os.unlink(os.path.join(pki, "a.key"))
        third = make_pki(pki, "--server", "localhost,other.example", "--client", "a,O=Test").splitlines()
        equal([line.split()[0] for line in third[:3]], ["kept", "made", "made"])
        for name in ("ca", "localhost", "a"):
            equal(os.stat(os.path.join(pki, f"{name}.key")).st_mode & 0o777, 0o600, name)
        openssl("verify", "-CAfile", f"{pki}/ca.pem", f"{pki}/localhost.pem", f"{pki}/a.pem")


if __name__ == "__main__":
    harness.main()
