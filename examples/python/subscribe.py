"""Receives the events of a subscription: subscribe.py SUBSCRIPTION [COUNT]"""

import json
import os
import sys

from proton.handlers import MessagingHandler
from proton.reactor import Container


class Subscribe(MessagingHandler):
    def __init__(self, url, address, count):
        # No automatic accept: an event is accepted when its work is done.
        super().__init__(prefetch=10, auto_accept=False)
        self.url = url
        self.address = address
        self.left = count
        self.exit_code = 0

    def on_start(self, event):
        connection = event.container.connect(self.url, allowed_mechs="ANONYMOUS")
        event.container.create_receiver(connection, self.address)

    def on_message(self, event):
        if self.left == 0:
            self.release(event.delivery, delivered=False)
            return
        message = event.message
        sequence = int((message.annotations or {}).get("x-opt-vera-sequence", 0))
        if message.content_type == "application/json":
            kuvert = json.loads(bytes(message.body))
            print(f"event {sequence}: {[data['@type'] for data in kuvert.get('Beskeddata', [])]}")
        else:
            print(f"event {sequence}: {message.content_type}, {len(message.body)} bytes")
        # Do the work here. If it cannot be done now: event.delivery.local.failed = True; self.settle(event.delivery, Delivery.MODIFIED),
        # and the event comes again after a while. If never: self.reject(event.delivery), and it becomes a dead letter.
        self.accept(event.delivery)
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                event.connection.close()

    def on_link_error(self, event):
        print(event.link.remote_condition, file=sys.stderr)
        self.exit_code = 1
        event.connection.close()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: subscribe.py SUBSCRIPTION [COUNT]")
    wanted = int(sys.argv[2]) if len(sys.argv) == 3 else None
    subscribe = Subscribe(os.environ.get("VERA_URL", "amqp://127.0.0.1:5672"), "sub/" + sys.argv[1], wanted)
    try:
        Container(subscribe).run()
    except KeyboardInterrupt:
        pass
    sys.exit(subscribe.exit_code)
