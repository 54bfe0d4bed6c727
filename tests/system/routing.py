"""Routing by expressions through one real daemon: filters over the payload, and filters that change under load."""
import copy
import json
import signal
import threading
import uuid

import amqp_raw as amqp
import harness
from harness import MUNICIPALITIES, SAG, Bus, case, check, encoded, equal, eventually, folder, id_of, kuvert, subscription, vera

HJOERRING, LAESOE = MUNICIPALITIES["hjoerring"], MUNICIPALITIES["laesoe"]


def body_of(delivery):
    return json.loads(amqp.section(delivery.message, 0x75))


def all_of(client, name):
    """What waits in the queue of a subscription."""
    link = client.receiver(f"sub/{name}")
    link.drained = False
    client.flow(link, 100_000, drain=True)
    client.wait(lambda: link.drained or link.granted == 0, "drain", seconds=60)
    return [id_of(body_of(one)) for one in link.inbox]


@case("system: filters over attributes and payload decide who gets an event; a bad one is refused with its place")
def filters():
    subscriptions = [subscription("sager", filter="type LIKE 'vera.sag.%' AND myndighed = '" + HJOERRING + "'"),
                     subscription("titel", types=[SAG], filter="data.sag.egenskaber.integrationsdata LIKE 'Ansøgning%'"),
                     subscription("andre", filter="myndighed != '" + HJOERRING + "'")]
    with folder() as path, Bus(path, subscriptions).start() as bus:
        application = kuvert(str(uuid.uuid4()), HJOERRING, text="Ansøgning om hjælpemiddel", kind=SAG)
        other_case = kuvert(str(uuid.uuid4()), HJOERRING, text="Klage", kind=SAG)
        post = kuvert(str(uuid.uuid4()), LAESOE)
        to_nobody = kuvert(str(uuid.uuid4()), HJOERRING)
        bus.publish(application, other_case, post, to_nobody)
        client = amqp.Client(bus.port)
        equal(sorted(all_of(client, "sager")), sorted(map(id_of, (application, other_case))))
        equal(all_of(client, "titel"), [id_of(application)])
        equal(all_of(client, "andre"), [id_of(post)])
        client.close()
        bad = copy.deepcopy(bus.settings)
        bad["subscriptions"][1]["filter"] = "data.sag.egenskaber.integrationsdat = 'x'"
        bus.write_configuration(bad)
        said = vera("config", "reload", "--url", bus.url, expect=1).stderr
        check("subscriptions[1].filter: offset 20: " in said and "did you mean `data.sag.egenskaber.integrationsdata`?" in said, said)


@case("system: filters change with every reload under load; each event is routed by one whole generation, none lost or doubled", 240)
def filters_change_under_load():
    # `venstre` and `hoejre` want opposite things, and swap them: by any whole generation an event comes to exactly one of them.
    wants = ["myndighed = '" + HJOERRING + "'", "NOT (myndighed = '" + HJOERRING + "')"]

    def generation(number):
        more = [subscription(f"andre-{i}", filter=f"kle LIKE '{(i + number) % 90 + 10}.9%' AND foelsomhed <= {i % 4 + 1}") for i in range(60)]
        return [subscription("alt"), subscription("venstre", filter=wants[number % 2]), subscription("hoejre", filter=wants[(number + 1) % 2])] + more

    with folder() as path, Bus(path, generation(0)).start() as bus:
        stop, sent, errors = threading.Event(), [], []

        def produce():
            try:
                client = amqp.Client(bus.port)
                link = client.sender("events")
                number = 0
                while not stop.is_set():
                    number += 1
                    event = kuvert(str(uuid.uuid4()), HJOERRING if number % 2 else LAESOE)
                    message = amqp.data_message(encoded(event), "application/json")
                    equal(client.publish(link, message, seconds=60).code, amqp.ACCEPTED)
                    sent.append((id_of(event), number % 2))
                client.close()
            except Exception as error:  # told to the test
                errors.append(error)

        threads = [threading.Thread(target=produce) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(1, 101 if harness.FULL else 9):
            settings = copy.deepcopy(bus.settings)
            settings["subscriptions"] = generation(number)
            bus.write_configuration(settings)
            bus.signal(signal.SIGHUP)
            eventually(lambda: bus.log_text().count("configuration reloaded") == number or errors, 60, "it is reloaded")
            before = len(sent)
            eventually(lambda: len(sent) > before + 10 or errors, 60, "events go on")
            check(not errors, errors)
        stop.set()
        for thread in threads:
            thread.join(60)
        check(not errors, errors)
        client = amqp.Client(bus.port)
        everything, left, right = (all_of(client, name) for name in ("alt", "venstre", "hoejre"))
        client.close()
        ids = sorted(one for one, _ in sent)
        equal(sorted(everything), ids, "in all: none lost, none doubled")
        equal(sorted(left + right), ids, "each in exactly one of the two")
        kinds = dict(sent)
        equal({kinds[one] for one in left}, {0, 1}, "both filters have held")


if __name__ == "__main__":
    harness.main()
