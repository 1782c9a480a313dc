"""A server that records what it is asked and answers by a script: well, slowly, broken off, or with rubbish.

A test gives each path its replies; the last one is repeated, and a path without one is answered 404. Each connection takes one
request. Nothing here knows whether a reply is sensible: a reply is a list of the bytes that are sent and of the seconds that are waited.
"""
import dataclasses
import json
import socket
import ssl
import threading
import time
import urllib.parse

HEAD_MAX_BYTES = 64 << 10
BODY_MAX_BYTES = 1 << 20
SILENCE_S = 30  # a client that sends nothing for so long is gone


@dataclasses.dataclass
class Request:
    door: str  # the name of the listener it came to
    method: str
    target: str
    headers: dict  # by names in lower case
    body: str

    @property
    def path(self):
        return urllib.parse.urlsplit(self.target).path

    @property
    def query(self):
        return urllib.parse.parse_qsl(urllib.parse.urlsplit(self.target).query, keep_blank_values=True)

    @property
    def form(self):
        return urllib.parse.parse_qsl(self.body, keep_blank_values=True)


# --- replies ---

def http(status, body=b"", headers=(), length=None):
    """The bytes of a reply. `headers` are pairs; `length` is what Content-Length says, if not the truth."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Scripted", f"Content-Length: {len(body) if length is None else length}", "Connection: close"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers)]).encode() + b"\r\n\r\n" + body


def json_reply(status, value, headers=()):
    return [http(status, json.dumps(value), [("Content-Type", "application/json; charset=utf-8"), *headers])]


def html_reply(status):
    return [http(status, "<!DOCTYPE html><html><body>Welcome to the guest network</body></html>", [("Content-Type", "text/html")])]


def slow(seconds, reply):
    return [seconds, *reply]


def cut_in_head(reply):
    return [reply[0][:40]]


def cut_in_body(reply):
    return [reply[0][:-20]]


def two_lengths(reply):
    """Two Content-Length headers that differ: which one counts nobody can say."""
    return [reply[0].replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n", 1)]


def broken_chunks():
    return [b"HTTP/1.1 200 Scripted\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\nnot a chunk\r\n"]


def huge(size):
    """A reply whose body is that long: one JSON text that begins as a token's."""
    head = b'{"expires_on":"4102444800","token_type":"Bearer","access_token":"'
    piece = b"A" * (1 << 20)
    tail = b'"}'
    whole = len(head) + size + len(tail)
    return [http(200, b"", [("Content-Type", "application/json")], whole) + head, *[piece] * (size // len(piece)), tail]


def no_reply():
    return []


# --- the server ---

class Recorder:
    """Listens wherever it is told to; requests and replies are shared by all its listeners. Its paths are scripted anew for each case."""

    def __init__(self):
        self.lock = threading.Lock()
        self.listeners = []
        self.rewrite = bytes  # what is done to the bytes of a reply when they are sent; their number must stay
        self.begin({})

    def begin(self, replies):
        """A new case: forgets what was recorded. `replies`: lists of replies by path, or functions that make them of a request."""
        with self.lock:
            self.requests = []
            self.replies = {path: list(each) if isinstance(each, (list, tuple)) else each for path, each in replies.items()}

    def recorded(self):
        with self.lock:
            return list(self.requests)

    def listen(self, door, address, port=0, tls=None):
        """The port. `tls` is an ssl.SSLContext of the server's side."""
        listener = socket.create_server((address, port))
        self.listeners.append(listener)
        threading.Thread(target=self._accept, args=(door, listener, tls), daemon=True).start()
        return listener.getsockname()[1]

    def close(self):
        for listener in self.listeners:
            listener.close()

    def _accept(self, door, listener, tls):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(door, connection, tls), daemon=True).start()

    def _serve(self, door, connection, tls):
        connection.settimeout(SILENCE_S)
        try:
            with connection, (tls.wrap_socket(connection, server_side=True) if tls else connection) as stream:
                request = _read(door, stream)
                if request:
                    self._send(stream, self._reply_to(request))
        except (OSError, ValueError):
            pass  # the client went away: what it sent before is recorded

    def _reply_to(self, request):
        with self.lock:
            self.requests.append(request)
            replies = self.replies.get(request.path)
            if callable(replies):
                return replies(request)
            if not replies:
                return json_reply(404, {"error": "Not found"})
            return replies.pop(0) if len(replies) > 1 else replies[0]

    def _send(self, stream, reply):
        for part in reply:
            if isinstance(part, (int, float)):
                time.sleep(part)
            else:
                stream.sendall(self.rewrite(part))


def _read(door, stream):
    """The next request of a connection; None if it ends before one is whole."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = stream.recv(4096)
        if not piece or len(data) > HEAD_MAX_BYTES:
            return None
        data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
    want = min(int(headers.get("content-length", 0)), BODY_MAX_BYTES)
    while len(body) < want:
        piece = stream.recv(4096)
        if not piece:
            return None
        body += piece
    return Request(door, method, target, headers, body.decode("utf-8", "replace"))


def server_tls(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
