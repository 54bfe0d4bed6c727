"""Messages from system to system: inboxes, the anonymous terminus and dynamic reply nodes, with a real daemon, python3-qpid-proton and npm
rhea on both sides."""
import json
import os
import subprocess
import threading

import amqp_raw as amqp
import harness
from amqp_raw import Described, Symbol
from clients import proton
from harness import MUNICIPALITIES, Bus, Skip, case, check, encoded, equal, eventually, folder, id_of, kuvert, rows_of, subscription, vera

SECRET = "hemmelig"
AUTHORITY = MUNICIPALITIES["laesoe"]


def systems(*names):
    """What a configuration needs for systems that all have the same secret."""
    hashed = vera("secret", "hash", stdin=SECRET + "\n").stdout.strip()
    return {"authorities": [{"cvr": AUTHORITY, "name": "Læsø Kommune", "code": "825"}],
            "systems": [{"name": name, "authority": AUTHORITY, "secrets": [hashed]} for name in names]}


def client_of(bus, system):
    return amqp.Client(bus.port, user=system, password=SECRET)


def message(body, **fields):
    """One with properties; names as in the standard, with underscores."""
    names = ["message_id", "user_id", "to", "subject", "reply_to", "correlation_id"]
    return amqp.encode(Described(0x73, [fields.get(name) for name in names])) + amqp.encode(Described(0x75, body))


def notes_of(delivery):
    return amqp.section(delivery.message, 0x72)


def rhea_peer(verb, bus, system, *more):
    """A running rhea peer; its lines are JSON."""
    home = os.environ.get("VERA_RHEA", "")
    if not os.path.isdir(os.path.join(home, "node_modules", "rhea")):
        raise Skip("npm's rhea is not installed (no node, or the registry was out of reach)")
    script = os.path.join(harness.HERE, "rhea", "messages.js")
    return subprocess.Popen(["node", script, verb, str(bus.port), system, SECRET, *map(str, more)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env={**os.environ, "NODE_PATH": os.path.join(home, "node_modules")})


def lines_of(process, seconds=60):
    out, err = process.communicate(timeout=seconds)
    check(process.returncode == 0, f"rhea: {err or out}")
    return [json.loads(line) for line in out.splitlines()]


def proton_connection(bus, system):
    from proton.utils import BlockingConnection
    return BlockingConnection(bus.url, timeout=30, user=system, password=SECRET, allowed_mechs="PLAIN", reconnect=False)


@case("system: a message to an inbox comes to its system alone, with the sender's name")
def inbox_to_inbox():
    with folder() as path, Bus(path, **systems("omsorg", "laege")).start() as bus:
        omsorg, laege = client_of(bus, "omsorg"), client_of(bus, "laege")
        forged = amqp.encode(Described(0x72, {Symbol("x-opt-vera-sender"): "borgmester"}))
        question = message(b"hvad?", to="inbox/laege", reply_to="inbox/omsorg", correlation_id="k-1")
        equal(omsorg.publish(omsorg.sender("inbox/laege"), forged + question).code, amqp.ACCEPTED)
        got = laege.take(laege.receiver("inbox/laege", credit=1))
        check(amqp.bare(got.message) == question, "the message has changed")
        equal(notes_of(got)["x-opt-vera-sender"], "omsorg")
        equal(notes_of(got)["x-opt-vera-sender-authority"], AUTHORITY)
        check(b"borgmester" not in got.message, "a forged sender came through")
        laege.settle(got)
        # The answer goes to where reply-to says, on a link without target address.
        answer = message(b"ja", to="inbox/omsorg", correlation_id="k-1")
        equal(laege.publish(laege.sender(None), answer).code, amqp.ACCEPTED)
        got = omsorg.take(omsorg.receiver("inbox/omsorg", credit=1))
        check(amqp.bare(got.message) == answer, "the answer has changed")
        equal(notes_of(got)["x-opt-vera-sender"], "laege")
        omsorg.settle(got)
        for address in ("inbox/laege", "inbox/laege/$deadletter"):
            link = omsorg.receiver(address, wait=False)
            omsorg.wait(lambda one=link: one.detached, "a detach")
            equal(link.detached[0], "amqp:unauthorized-access", address)
        rows = eventually(lambda: settled_inboxes(bus), what="both inboxes are empty")
        equal({row["kind"] for row in rows}, {"inbox"})
        omsorg.close()
        laege.close()


def settled_inboxes(bus):
    rows = [row for row in rows_of(vera("queue", "ls", "--url", bus.url, "--json").stdout) if row["name"].startswith("inbox/")]
    equal(sorted(row["name"] for row in rows), ["inbox/laege", "inbox/omsorg"])
    return rows if all(row["settled"] == 1 and row["ready"] == 0 for row in rows) else None


@case("system: accepted messages survive kill -9, in order and with their senders", seconds=120)
def inbox_over_kill():
    with folder() as path, Bus(path, **systems("omsorg", "laege", "tandlaege")).start() as bus:
        accepted = []
        for run in range(3):
            senders = {name: client_of(bus, name) for name in ("omsorg", "tandlaege")}
            links = {name: one.sender("inbox/laege") for name, one in senders.items()}
            for number in range(50):
                for name, one in senders.items():
                    body = f"{name} {run} {number}".encode()
                    equal(one.publish(links[name], message(body, message_id=str(number))).code, amqp.ACCEPTED)
                    accepted.append((name, body))
            bus.kill()
            bus.start()
        laege = client_of(bus, "laege")
        receiver = laege.receiver("inbox/laege", credit=len(accepted))
        for name, body in accepted:
            got = laege.take(receiver)
            equal(amqp.section(got.message, 0x75), body, "order")
            equal(notes_of(got)["x-opt-vera-sender"], name)
            laege.settle(got)
        # Each has a leaf in the audit log, without a gap.
        equal(notes_of(got)["x-opt-vera-leaf"], len(accepted))
        laege.close()
        equal(bus.stop(), 0)
        vera("store", "fsck", bus.store)
        bus.start()


@case("system: Proton asks and Proton answers, over a dynamic node and the anonymous terminus")
def proton_asks_proton():
    proton()
    with folder() as path, Bus(path, **systems("omsorg", "laege")).start() as bus:
        answering = threading.Thread(target=answer_by_proton, args=(bus, 5))
        answering.start()
        equal(ask_by_proton(bus, 5), [f"HVAD {number}" for number in range(5)])
        answering.join(30)
        check(not answering.is_alive(), "the answering side has not ended")


def ask_by_proton(bus, count):
    from proton import Message
    from proton.utils import SyncRequestResponse
    connection = proton_connection(bus, "omsorg")
    asking = SyncRequestResponse(connection)  # no address: each request says where it goes
    check(asking.reply_to.startswith("reply/"), asking.reply_to)
    answers = []
    for number in range(count):
        answer = asking.call(Message(body=f"hvad {number}", address="inbox/laege"))
        equal(answer.annotations["x-opt-vera-sender"], "laege")
        answers.append(answer.body)
    connection.close()
    return answers


def answer_by_proton(bus, count):
    from proton import Message
    connection = proton_connection(bus, "laege")
    receiver = connection.create_receiver("inbox/laege", credit=1)
    sender = connection.create_sender(None)
    for _ in range(count):
        question = receiver.receive(timeout=30)
        sender.send(Message(body=question.body.upper(), address=question.reply_to, correlation_id=question.correlation_id))
        receiver.accept()
    connection.close()


@case("system: rhea asks and Proton answers, Proton asks and rhea answers")
def rhea_and_proton():
    proton()
    with folder() as path, Bus(path, **systems("omsorg", "laege")).start() as bus:
        asking = rhea_peer("ask", bus, "omsorg", "inbox/laege", 3)
        answer_by_proton(bus, 3)
        answers = lines_of(asking)
        equal([one["body"] for one in answers], ["HVAD 0", "HVAD 1", "HVAD 2"])
        equal({one["sender"] for one in answers}, {"laege"})
        check(answers[0]["node"].startswith("reply/"), answers[0])
        answering = rhea_peer("answer", bus, "laege", "inbox/laege", 3)
        equal(ask_by_proton(bus, 3), ["HVAD 0", "HVAD 1", "HVAD 2"])
        lines_of(answering)


@case("system: a dynamic node is closed to strangers and goes with its owner")
def private_nodes():
    with folder() as path, Bus(path, **systems("omsorg", "laege", "tandlaege")).start() as bus:
        owner, laege, stranger = (client_of(bus, name) for name in ("omsorg", "laege", "tandlaege"))
        node = owner.dynamic_receiver(credit=10)
        check(node.address.startswith("reply/"), node.address)
        equal(owner.publish(owner.sender("inbox/laege"), message(b"hvad?", reply_to=node.address)).code, amqp.ACCEPTED)
        refused = stranger.publish(stranger.sender(None), message(b"nej", to=node.address))
        equal((refused.code, refused.condition), (amqp.REJECTED, "amqp:unauthorized-access"))
        sender = laege.sender(None)
        equal(laege.publish(sender, message(b"ja", to=node.address)).code, amqp.ACCEPTED)
        check(owner.take(node).message.endswith(b"ja"), "the answer")
        owner.drop()

        def is_gone():
            late = laege.publish(sender, message(b"ja", to=node.address))
            return late.code == amqp.REJECTED and late.condition == "amqp:not-found"

        eventually(is_gone, what="the node is gone with its owner")
        laege.close()
        stranger.close()


@case("system: on one link without address an event, a queue's message and a letter go their ways")
def anonymous_terminus():
    peer = proton()
    with folder() as path, Bus(path, [subscription("alle")], ["kasse"], **systems("omsorg", "laege")).start() as bus:
        event = kuvert()
        made = [peer.Message(body=encoded(event), inferred=True, content_type="application/json", address="events"),
                peer.Message(body="pakke", address="queue/kasse"), peer.Message(body="brev", address="inbox/laege"),
                peer.Message(body="tabt", address="inbox/ingen"), peer.Message(body="tabt")]
        equal([outcome for outcome, _ in peer.send(bus.port, None, made)], ["accepted"] * 3 + ["rejected"] * 2)
        equal([id_of(one) for one in bus.tail("alle", 1)], [id_of(event)])
        rows = bus.queues()
        equal([rows[name]["ready"] for name in ("queue/kasse", "inbox/laege")], [1, 1])


def flags_for(bus, path):
    """A function of a system's name: the flags with which `vera` speaks as it."""
    secret = os.path.join(path, "secret")
    with open(os.open(secret, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as out:
        out.write(SECRET + "\n")
    return lambda name: ["--url", bus.url, "--user", name, "--secret-file", secret]


@case("system: vera message send and tail carry a message from one system to another")
def by_command_line():
    with folder() as path, Bus(path, **systems("omsorg", "laege")).start() as bus:
        as_system = flags_for(bus, path)
        body = json.dumps({"besked": "hvad?"})
        sent = vera("message", "send", "laege", "--id", "m-1", "--reply-to", "inbox/omsorg", *as_system("omsorg"), stdin=body)
        equal(sent.stdout, "accepted m-1\n")
        seen = vera("message", "tail", "--json", "--meta", "--ack", "-n", "1", *as_system("laege"))
        facts = json.loads(seen.stdout)
        equal((facts["sender"], facts["message_id"], facts["reply_to"], facts["kuvert"]), ("omsorg", "m-1", "inbox/omsorg", json.loads(body)))
        check("from: " not in vera("message", "tail", "--end", *as_system("laege")).stdout, "the message is taken")
        refused = vera("message", "tail", "laege", "--end", *as_system("omsorg"), expect=1)
        check("amqp:unauthorized-access" in refused.stderr, refused.stderr)
        check("no address 'inbox/lage', the nearest known one is 'inbox/laege'" in
              vera("message", "send", "lage", *as_system("omsorg"), stdin=body, expect=1).stderr, "the nearest name")


def with_inbox(configuration, name, **inbox):
    for system in configuration["systems"]:
        if system["name"] == name:
            system["inbox"] = inbox
    return configuration


@case("system: an inbox takes the kuverts that it accepts, and nothing else")
def accepted_types():
    made = with_inbox(systems("skole", "familie"), "familie", accepts=["vera.barn.v1.*"])
    with folder() as path, Bus(path, **made).start() as bus:
        as_system = flags_for(bus, path)

        def send(body, *more, expect=0):
            return vera("message", "send", "familie", *more, *as_system("skole"), stdin=body, expect=expect).stderr

        notice = vera("type", "example", "vera.barn.v1.UnderretningModtaget").stdout
        send(notice)
        check("amqp:decode-error" in send("{", expect=1), "no kuvert")
        refused = send(json.dumps(kuvert()), expect=1)
        check("'inbox/familie' does not take vera.post.v1.PostStatus; it takes vera.barn.v1.*" in refused, refused)
        broken = json.loads(notice)
        broken["Beskedkuvert"]["Filtreringsdata"]["ObjektRegistrering"][0]["OpgaveEmne"] = {"URNIdentifikator": "urn:oio:kle:2x"}
        check("vera:schema-invalid: Beskedkuvert.Filtreringsdata" in send(json.dumps(broken), expect=1), "a broken rule")
        # A response is wanted, but nothing says where it goes.
        wanted = "urn:oio:cvr-nr:" + AUTHORITY
        refused = send(notice, "--response-for", wanted, expect=1)
        check("Beskedkuvert.Modtagerhandling.Responsmodtager: wants a response" in refused, refused)
        send(notice, "--response-for", wanted, "--reply-to", "inbox/skole")
        rows = {row["name"]: row["ready"] for row in rows_of(vera("queue", "ls", "--url", bus.url, "--json").stdout)}
        equal(rows["inbox/familie"], 2)
        seen = vera("message", "tail", "--ack", "--end", *as_system("familie")).stdout
        check("response to: inbox/skole" in seen, seen)


@case("system: vera message request waits for the answer that vera message reply gives")
def request_and_reply():
    made = with_inbox(systems("skole", "familie"), "familie", accepts=["vera.barn.v1.UnderretningModtaget"])
    with folder() as path, Bus(path, **made).start() as bus:
        as_system = flags_for(bus, path)
        notice = vera("type", "example", "vera.barn.v1.UnderretningModtaget").stdout
        answers = []
        question = ["message", "request", "familie", "--id", "spm-1", "--response-for", "urn:oio:cvr-nr:" + AUTHORITY, "--json", "--meta",
                    "--timeout", "50s", *as_system("skole")]
        asking = threading.Thread(target=lambda: answers.append(vera(*question, stdin=notice)))
        asking.start()
        taken = vera("message", "reply", "--to-message", "spm-1", "--timeout", "50s", *as_system("familie"), stdin='{"modtaget": true}')
        check("asked" not in taken.stderr and "UnderretningModtaget" in taken.stdout and "from: skole" in taken.stdout, taken.stdout)
        asking.join()
        facts = json.loads(answers[0].stdout)
        equal((facts["kuvert"], facts["correlation_id"], facts["sender"]), ({"modtaget": True}, "spm-1", "familie"))
        # The question is answered and gone.
        none = vera("message", "reply", "--timeout", "200ms", *as_system("familie"), stdin="{}", expect=1)
        check("no message came within 200ms" in none.stderr, none.stderr)
        late = vera("message", "request", "familie", "--id", "spm-2", "--timeout", "200ms", *as_system("skole"), stdin=notice, expect=1)
        check("the message spm-2 was accepted, but no answer came within 200ms" in late.stderr, late.stderr)
        # Who asked is gone: the question stays where it is.
        gone = vera("message", "reply", *as_system("familie"), stdin="{}", expect=1)
        check("amqp:not-found" in gone.stderr, gone.stderr)
        vera("message", "send", "familie", "--id", "brev", *as_system("skole"), stdin=notice)
        unasked = vera("message", "reply", "--to-message", "brev", *as_system("familie"), stdin="{}", expect=1)
        check("message brev has no reply-to and wants no answer; it stays in the inbox" in unasked.stderr, unasked.stderr)
        rows = {row["name"]: row["ready"] for row in rows_of(vera("queue", "ls", "--url", bus.url, "--json").stdout)}
        equal(rows["inbox/familie"], 2)


if __name__ == "__main__":
    harness.main()
