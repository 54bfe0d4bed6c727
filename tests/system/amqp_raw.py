"""A small AMQP 1.0 client that shows every byte: codec, frames, links. Made for byte fidelity and for attacks, so it checks nothing
that it sends. One thread, blocking sockets with deadlines. Sections of the standard are cited where they decide."""
import collections
import os
import socket
import struct
import time

OPEN, BEGIN, ATTACH, FLOW, TRANSFER, DISPOSITION, DETACH, END, CLOSE = range(0x10, 0x19)
SASL_MECHANISMS, SASL_INIT, SASL_CHALLENGE, SASL_RESPONSE, SASL_OUTCOME = range(0x40, 0x45)
RECEIVED, ACCEPTED, REJECTED, RELEASED, MODIFIED = range(0x23, 0x28)
ERROR, SOURCE, TARGET, COORDINATOR = 0x1D, 0x28, 0x29, 0x30
AMQP_HEADER, SASL_HEADER = b"AMQP\x00\x01\x00\x00", b"AMQP\x03\x01\x00\x00"


class ProtocolError(Exception):
    """The peer ended the connection, or sent what this client cannot read."""


class DeadlinePassed(Exception):
    pass


class Described:
    def __init__(self, descriptor, value):
        self.descriptor, self.value = descriptor, value

    def __repr__(self):
        return f"@{self.descriptor!r}({self.value!r})"


class Symbol(str):
    pass


class Coded(bytes):
    """Bytes that are already an encoded value."""


def ubyte(n): return Coded(b"\x50" + bytes([n]))
def ushort(n): return Coded(b"\x60" + struct.pack(">H", n))
def uint(n): return Coded(b"\x43" if n == 0 else b"\x52" + bytes([n]) if n < 256 else b"\x70" + struct.pack(">I", n))
def ulong(n): return Coded(b"\x44" if n == 0 else b"\x53" + bytes([n]) if n < 256 else b"\x80" + struct.pack(">Q", n))


def encode(value):
    """None, bool, int (as long), float, bytes, Symbol, str, list, dict, Described and Coded to bytes (AMQP 1.0 §1.6)."""
    if isinstance(value, Coded):
        return bytes(value)
    if value is None:
        return b"\x40"
    if value is True:
        return b"\x41"
    if value is False:
        return b"\x42"
    if isinstance(value, int):
        return b"\x55" + struct.pack(">b", value) if -128 <= value < 128 else b"\x81" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"\x82" + struct.pack(">d", value)
    if isinstance(value, Symbol):
        return _variable(0xA3, value.encode("ascii"))
    if isinstance(value, str):
        return _variable(0xA1, value.encode("utf-8"))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _variable(0xA0, bytes(value))
    if isinstance(value, (list, tuple)):
        return _compound(0xC0, [encode(v) for v in value], len(value)) if value else b"\x45"
    if isinstance(value, dict):
        return _compound(0xC1, [encode(x) for pair in value.items() for x in pair], 2 * len(value))
    if isinstance(value, Described):
        head = ulong(value.descriptor) if isinstance(value.descriptor, int) else encode(value.descriptor)
        return b"\x00" + bytes(head) + encode(value.value)
    raise TypeError(type(value))


def _variable(code, data):
    if len(data) < 256:
        return bytes([code, len(data)]) + data
    return bytes([code + 0x10]) + struct.pack(">I", len(data)) + data


def _compound(code, parts, count):
    body = b"".join(parts)
    if len(body) < 255 and count < 256:
        return bytes([code, len(body) + 1, count]) + body
    return bytes([code + 0x10]) + struct.pack(">II", len(body) + 4, count) + body


_FIXED = {0x50: "B", 0x51: "b", 0x52: "B", 0x53: "B", 0x54: "b", 0x55: "b", 0x60: "H", 0x61: "h", 0x70: "I", 0x71: "i", 0x72: "f",
          0x80: "Q", 0x81: "q", 0x82: "d", 0x83: "q"}
_CONSTANT = {0x40: None, 0x41: True, 0x42: False, 0x43: 0, 0x44: 0}


def decode(data, at=0):
    """(value, next offset)."""
    code = data[at]
    at += 1
    if code in _CONSTANT:
        return _CONSTANT[code], at
    if code == 0:
        descriptor, at = decode(data, at)
        value, at = decode(data, at)
        return Described(descriptor, value), at
    return _decode_as(code, data, at)


def _decode_as(code, data, at):
    if code in _CONSTANT:
        return _CONSTANT[code], at
    if code in _FIXED:
        (value,) = struct.unpack_from(">" + _FIXED[code], data, at)
        return value, at + struct.calcsize(_FIXED[code])
    if code == 0x45:
        return [], at
    if code == 0x56:
        return data[at] != 0, at + 1
    width = code >> 4
    if width in (7, 8, 9) and code in (0x73, 0x74, 0x84, 0x94, 0x98):
        size = {7: 4, 8: 8, 9: 16}[width]
        return bytes(data[at:at + size]), at + size
    if width in (0xA, 0xC, 0xE):
        size, at = data[at], at + 1
    elif width in (0xB, 0xD, 0xF):
        size, at = struct.unpack_from(">I", data, at)[0], at + 4
    else:
        raise ProtocolError(f"constructor 0x{code:02x}")
    if width in (0xA, 0xB):
        raw = bytes(data[at:at + size])
        kind = code & 0x0F
        return (raw if kind == 0 else raw.decode("utf-8") if kind == 1 else Symbol(raw.decode("ascii"))), at + size
    end = at + size
    wide = width in (0xD, 0xF)
    count = struct.unpack_from(">I", data, at)[0] if wide else data[at]
    at += 4 if wide else 1
    items = []
    if width in (0xE, 0xF):
        descriptor = None
        if data[at] == 0:
            descriptor, at = decode(data, at + 1)
        inner, at = data[at], at + 1
        for _ in range(count):
            value, at = _decode_as(inner, data, at)
            items.append(value if descriptor is None else Described(descriptor, value))
        return items, end
    for _ in range(count):
        value, at = decode(data, at)
        items.append(value)
    if code & 0x0F == 1:
        return {_key(items[i]): items[i + 1] for i in range(0, len(items), 2)}, end
    return items, end


def _key(value):
    return value if isinstance(value, collections.abc.Hashable) else repr(value)


def performative(code, *fields):
    fields = list(fields)
    while fields and fields[-1] is None:
        fields.pop()
    return encode(Described(code, fields))


def frame(body, channel=0, kind=0):
    """One frame with the least data offset (AMQP 1.0 §2.3.1)."""
    return struct.pack(">IBBH", 8 + len(body), 2, kind, channel) + body


def sections(message):
    """[(descriptor, start, end)] of the sections of an encoded message."""
    found, at = [], 0
    while at < len(message):
        value, end = decode(message, at)
        found.append((value.descriptor, at, end))
        at = end
    return found


def bare(message):
    """From properties on: what must arrive as it was sent (AMQP 1.0 §3.2)."""
    for descriptor, start, _ in sections(message):
        if descriptor >= 0x73:
            return message[start:]
    return b""


def section(message, descriptor):
    for code, start, _ in sections(message):
        if code == descriptor:
            return decode(message, start)[0].value
    return None


def data_message(body, content_type=None, properties=None, durable=True):
    """header, properties if there are any, application-properties if given, one data section."""
    out = encode(Described(0x70, [durable]))
    if content_type is not None:
        out += encode(Described(0x73, [None, None, None, None, None, None, Symbol(content_type)]))
    if properties:
        out += encode(Described(0x74, properties))
    return out + b"\x00\x53\x75" + _variable(0xA0, body)


class Pipe:
    """A socket with deadlines, frames in and bytes out. The floor of everything here; attacks use it directly."""

    def __init__(self, port, host="127.0.0.1", seconds=10, record=None, tls=None, server_name="localhost"):
        self.seconds, self.record = seconds, record
        self.socket = socket.create_connection((host, port), timeout=seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_name)
        self.buffer = bytearray()

    def write(self, data):
        if self.record is not None:
            self.record.append(bytes(data))
        self.socket.sendall(data)

    def read_more(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise DeadlinePassed("no answer")
        self.socket.settimeout(left)
        try:
            chunk = self.socket.recv(1 << 18)
        except TimeoutError as late:
            raise DeadlinePassed("no answer") from late
        except OSError as broken:
            raise ProtocolError(f"connection lost: {broken}") from broken
        finally:
            self.socket.settimeout(self.seconds)
        if not chunk:
            raise ProtocolError("connection closed by the peer")
        self.buffer += chunk

    def read_exactly(self, count, deadline):
        while len(self.buffer) < count:
            self.read_more(deadline)
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def read_frame(self, seconds=None):
        """(type, channel, body)."""
        deadline = time.monotonic() + (self.seconds if seconds is None else seconds)
        while len(self.buffer) < 4:
            self.read_more(deadline)
        size = struct.unpack_from(">I", self.buffer)[0]
        if size < 8 or size > 1 << 27:
            raise ProtocolError(f"frame of {size} bytes")
        whole = self.read_exactly(size, deadline)
        return whole[5], struct.unpack_from(">H", whole, 6)[0], whole[4 * whole[4]:]

    def ended(self, seconds=10):
        """True once the peer has closed the socket; reads and drops what comes before."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                self.read_more(deadline)
                self.buffer.clear()
        except ProtocolError:
            return True
        except DeadlinePassed:
            return False

    def close(self):
        self.socket.close()


Delivery = collections.namedtuple("Delivery", "link id tag message settled")
Outcome = collections.namedtuple("Outcome", "code condition text value")


def outcome_of(state):
    if state is None:
        return Outcome(None, None, None, None)
    fields = state.value or []
    if state.descriptor == REJECTED and fields and fields[0] is not None:
        error = fields[0].value + [None, None]
        return Outcome(REJECTED, error[0], error[1], fields)
    return Outcome(state.descriptor, None, None, fields)


class Link:
    def __init__(self, client, handle, name, address, is_sender):
        self.client, self.handle, self.name, self.address, self.is_sender = client, handle, name, address, is_sender
        self.remote_handle = None
        self.credit = 0
        self.delivery_count = 0
        self.inbox = collections.deque()
        self.outcomes = {}
        self.partial = None
        self.detached = None
        self.attached = False
        self.max_message = 0
        self.granted = 0
        self.refused = False
        self.drained = False


class Client:
    """One connection, one session, any number of links. Raises ProtocolError when the peer closes with an error."""

    def __init__(self, port, user=None, password=None, container="raw", seconds=10, record=None, max_frame=65536, host="127.0.0.1",
                 idle_ms=None, tls=None, mechanism=None):
        """`tls`: an ssl.SSLContext. `mechanism`: EXTERNAL, or by default ANONYMOUS without a user and PLAIN with one."""
        self.pipe = Pipe(port, host, seconds, record, tls)
        self.mechanism = mechanism
        self.seconds = seconds
        self.links, self.by_remote = [], {}
        self.next_out, self.next_delivery, self.remote_window, self.remote_next_in = 0, 0, 0, 0
        self.next_in = 0
        self.flows = collections.deque(maxlen=100)
        self.by_delivery = {}
        self.remote_max_frame = 512
        self.closed_error = None
        self._sasl(user, password)
        self.pipe.write(AMQP_HEADER + frame(performative(OPEN, container, "localhost", uint(max_frame), ushort(31),
                                                        uint(idle_ms) if idle_ms else None)))
        assert self.pipe.read_exactly(8, self._deadline()) == AMQP_HEADER
        self.wait(lambda: self.remote_max_frame_known, "open")
        self.window = 1 << 20
        self.pipe.write(frame(performative(BEGIN, None, uint(0), uint(self.window), uint(self.window), uint(1023))))
        self.wait(lambda: self.begun, "begin")

    remote_max_frame_known = False
    begun = False
    renews_window = True

    def _deadline(self, seconds=None):
        return time.monotonic() + (self.seconds if seconds is None else seconds)

    def _sasl(self, user, password):
        self.pipe.write(SASL_HEADER)
        assert self.pipe.read_exactly(8, self._deadline()) == SASL_HEADER
        self.mechanisms = decode(self.pipe.read_frame()[2])[0].value[0]
        if self.mechanism == "EXTERNAL":
            init = performative(SASL_INIT, Symbol("EXTERNAL"), (user or "").encode())
        elif user is None:
            init = performative(SASL_INIT, Symbol("ANONYMOUS"), b"anonymous")
        else:
            init = performative(SASL_INIT, Symbol("PLAIN"), b"\0" + user.encode() + b"\0" + password.encode())
        self.pipe.write(frame(init, kind=1))
        outcome = decode(self.pipe.read_frame()[2])[0]
        if outcome.descriptor != SASL_OUTCOME or outcome.value[0] != 0:
            raise ProtocolError(f"SASL outcome {outcome}")

    # -- links ---------------------------------------------------------------------------------------------------------------------
    def sender(self, address, name=None, wait=True, settle_mode=None):
        link = self._link(address, name, True)
        self.pipe.write(frame(performative(ATTACH, link.name, uint(link.handle), False, settle_mode, None,
                                           Described(SOURCE, [link.name]), Described(TARGET, [address]), None, None, uint(0))))
        return self._attached(link) if wait else link

    def receiver(self, address, credit=0, name=None, wait=True, settle_mode=None):
        link = self._link(address, name, False)
        self.pipe.write(frame(performative(ATTACH, link.name, uint(link.handle), True, settle_mode, None,
                                           Described(SOURCE, [address]), Described(TARGET, [link.name]))))
        if wait:
            self._attached(link)
            if credit:
                self.flow(link, credit)
        return link

    def dynamic_receiver(self, credit=0):
        """A link whose source the peer names."""
        link = self._link(None, None, False)
        self.pipe.write(frame(performative(ATTACH, link.name, uint(link.handle), True, None, None,
                                           Described(SOURCE, [None, None, None, None, True]), Described(TARGET, [link.name]))))
        self._attached(link)
        link.address = link.remote[5].value[0]
        if credit:
            self.flow(link, credit)
        return link

    def _link(self, address, name, is_sender):
        link = Link(self, len(self.links), name or f"{os.getpid()}-{id(self):x}-{len(self.links)}", address, is_sender)
        self.links.append(link)
        return link

    def _attached(self, link):
        self.wait(lambda: link.attached, f"attach {link.address}")
        if link.refused or link.detached:  # AMQP 1.0 §2.6.3: a refused attach is answered with a null terminus, then detach
            self.wait(lambda: link.detached, f"detach {link.address}")
            raise ProtocolError(f"{link.address}: {link.detached}")
        return link

    def flow(self, link, credit, drain=False):
        """Link credit as given, counted from what has been delivered so far (AMQP 1.0 §2.6.7)."""
        link.granted = credit
        self.pipe.write(frame(performative(FLOW, uint(self.next_in), uint(self.window), uint(self.next_out), uint(self.window),
                                           uint(link.handle), uint(link.delivery_count), uint(credit), None, drain)))

    def send(self, link, message, settled=False, tag=None, wait_credit=True):
        """Delivery-id. Splits by the peer's max-frame-size; waits for credit and window."""
        if wait_credit:
            self.wait(lambda: link.credit > 0 or link.detached, f"credit on {link.address}")
            if link.detached:
                raise ProtocolError(f"{link.address}: {link.detached}")
        number = self.next_delivery
        self.next_delivery += 1
        link.credit -= 1
        link.delivery_count += 1
        self.by_delivery[number] = link
        first = performative(TRANSFER, uint(link.handle), uint(number), tag or struct.pack(">I", number), uint(0), settled)
        room = self.remote_max_frame - 8 - len(first) - 16
        if len(message) <= room:
            self._transfer(first + message)
            return number
        at = 0
        while at < len(message):
            piece = message[at:at + room]
            at += len(piece)
            more = at < len(message)
            if at == len(piece):
                head = performative(TRANSFER, uint(link.handle), uint(number), tag or struct.pack(">I", number), uint(0), settled, more)
            else:
                head = performative(TRANSFER, uint(link.handle), None, None, None, None, more)
            self._transfer(head + piece)
        return number

    def _transfer(self, body):
        if self.remote_window <= 0:
            self.wait(lambda: self.remote_window > 0, "session window")
        self.pipe.write(frame(body))
        self.next_out += 1
        self.remote_window -= 1

    def settle(self, delivery, state=ACCEPTED, fields=(), settled=True, last=None):
        self.pipe.write(frame(performative(DISPOSITION, True, uint(delivery.id), uint(last if last is not None else delivery.id), settled,
                                           Described(state, list(fields)))))

    def publish(self, link, message, seconds=None):
        """Sends one and waits for its outcome."""
        number = self.send(link, message)
        self.wait(lambda: number in link.outcomes or link.detached, "outcome", seconds)
        if number not in link.outcomes:
            raise ProtocolError(f"{link.address}: {link.detached}")
        return link.outcomes.pop(number)

    def take(self, link, seconds=None):
        self.wait(lambda: link.inbox or link.detached, f"delivery on {link.address}", seconds)
        if not link.inbox:
            raise ProtocolError(f"{link.address}: {link.detached}")
        return link.inbox.popleft()

    def detach(self, link, error=None):
        self.pipe.write(frame(performative(DETACH, uint(link.handle), True, error)))
        self.wait(lambda: link.detached, "detach")

    def close(self):
        try:
            self.pipe.write(frame(performative(CLOSE)))
            self.pipe.ended(self.seconds)
        except (OSError, ProtocolError, DeadlinePassed):
            pass
        self.pipe.close()

    def drop(self):
        """The socket goes, nothing is said."""
        self.pipe.close()

    # -- frames in -----------------------------------------------------------------------------------------------------------------
    def wait(self, condition, what="it", seconds=None):
        deadline = self._deadline(seconds)
        while not condition():
            self.pump(deadline, what)

    def pump(self, deadline, what="a frame"):
        left = deadline - time.monotonic()
        if left <= 0:
            raise DeadlinePassed(f"waited for {what}")
        try:
            _, _, body = self.pipe.read_frame(left)
        except DeadlinePassed as late:
            raise DeadlinePassed(f"waited for {what}") from late
        self.handle(body)

    def handle_buffered(self):
        """Handles whole frames that have arrived, reads nothing new."""
        buffer = self.pipe.buffer
        while len(buffer) >= 4 and len(buffer) >= struct.unpack_from(">I", buffer)[0]:
            self.handle(self.pipe.read_frame()[2])

    def handle(self, body):
        if not body:
            return
        described, at = decode(body)
        fields = described.value + [None] * 16
        getattr(self, f"_on_{described.descriptor:x}")(fields, body[at:])

    def _on_10(self, fields, _):  # open
        self.remote_max_frame = fields[2] if fields[2] is not None else 0xFFFFFFFF
        self.remote_max_frame_known = True
        self.remote_open = fields

    def _on_11(self, fields, _):  # begin
        self.next_in, self.remote_window = fields[1], fields[2]
        self.begun = True

    def _on_12(self, fields, _):  # attach
        link = next(one for one in self.links if one.name == fields[0] and one.is_sender == bool(fields[2]))
        link.remote_handle = fields[1]
        link.refused = fields[6 if link.is_sender else 5] is None
        self.by_remote[fields[1]] = link
        link.attached = True
        link.max_message = fields[10]
        link.remote = fields
        if not link.is_sender:
            link.delivery_count = fields[9] or 0

    def _on_13(self, fields, _):  # flow
        self.flows.append(fields)
        if fields[0] is not None:
            self.remote_window = fields[0] + fields[1] - self.next_out
        if fields[4] is not None and fields[4] in self.by_remote:
            link = self.by_remote[fields[4]]
            if link.is_sender:
                link.credit = (fields[5] or 0) + (fields[6] or 0) - link.delivery_count
            elif fields[8]:
                link.delivery_count = fields[5]
                link.granted = 0
                link.drained = True
        if fields[9]:
            self.pipe.write(frame(performative(FLOW, uint(self.next_in), uint(self.window), uint(self.next_out), uint(self.window))))

    def _on_14(self, fields, payload):  # transfer
        link = self.by_remote[fields[0]]
        self.next_in += 1
        if link.partial is None:
            link.partial = [fields[1], fields[2], bool(fields[4]), []]
        link.partial[3].append(payload)
        if fields[9]:
            link.partial = None
            return
        if not fields[5]:
            number, tag, settled, pieces = link.partial
            link.partial = None
            link.delivery_count += 1
            link.granted -= 1
            link.inbox.append(Delivery(link, number, tag, b"".join(pieces), settled or bool(fields[4])))
        if self.renews_window and self.next_in % 4096 == 0:
            self.pipe.write(frame(performative(FLOW, uint(self.next_in), uint(self.window), uint(self.next_out), uint(self.window))))

    def _on_15(self, fields, _):  # disposition
        if not fields[0]:
            return
        result = outcome_of(fields[4])
        for number in range(fields[1], (fields[2] if fields[2] is not None else fields[1]) + 1):
            link = self.by_delivery.pop(number, None)
            if link is not None:
                link.outcomes[number] = result
                if not fields[3]:
                    self.pipe.write(frame(performative(DISPOSITION, False, uint(number), None, True, fields[4])))

    def _on_16(self, fields, _):  # detach
        link = self.by_remote.get(fields[0])
        if link:
            link.detached = fields[2].value if fields[2] else ["detached"]

    def _on_17(self, fields, _):
        raise ProtocolError(f"session ended: {fields[0].value if fields[0] else None}")

    def _on_18(self, fields, _):
        self.closed_error = fields[0].value if fields[0] else None
        raise ProtocolError(f"closed by peer: {self.closed_error}")
