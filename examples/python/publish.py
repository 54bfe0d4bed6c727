"""Publishes one event: publish.py KUVERT.json"""

import json
import os
import sys
import uuid

from proton import Delivery, Message
from proton.handlers import MessagingHandler
from proton.reactor import Container


class Publish(MessagingHandler):
    def __init__(self, url, body):
        super().__init__()
        self.url = url
        self.body = body
        self.exit_code = 1

    def on_start(self, event):
        connection = event.container.connect(self.url, allowed_mechs="ANONYMOUS", reconnect=False)
        event.container.create_sender(connection, "events")

    def on_sendable(self, event):
        if self.body is None:
            return
        # inferred: bytes go as one data section, as VeRA wants a kuvert.
        message = Message(body=self.body, content_type="application/json", durable=True, inferred=True)
        self.body = None
        event.sender.send(message)

    def on_accepted(self, event):
        print("accepted")  # on disk at every subscriber
        self.exit_code = 0
        event.connection.close()

    def on_rejected(self, event):
        why = event.delivery.remote.condition
        print(f"rejected {why.name}: {why.description}" if why else "rejected", file=sys.stderr)
        event.connection.close()

    def on_released(self, event):
        # Released and modified: not taken now. Send it again with the same BeskedId.
        state = "modified" if event.delivery.remote_state == Delivery.MODIFIED else "released"
        print(f"{state}: try again", file=sys.stderr)
        event.connection.close()

    def on_transport_error(self, event):
        print(event.transport.condition, file=sys.stderr)

    def on_link_error(self, event):
        print(event.link.remote_condition, file=sys.stderr)
        event.connection.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: publish.py KUVERT.json")
    with open(sys.argv[1], encoding="utf-8") as file:
        kuvert = json.load(file)
    # Each event has an id of its own; the same id again means the same event again.
    kuvert["BeskedId"] = {"UUIDIdentifikator": str(uuid.uuid4())}
    publish = Publish(os.environ.get("VERA_URL", "amqp://127.0.0.1:5672"), json.dumps(kuvert).encode())
    Container(publish).run()
    sys.exit(publish.exit_code)
