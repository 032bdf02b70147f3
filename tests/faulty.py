"""A proxy that lets requests through or fails them: it resets, answers 500 or 503, or cuts what it sends short."""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOP = frozenset({"connection", "transfer-encoding", "content-length", "expect", "keep-alive"})
SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"
BROKEN = b"<Error><Code>InternalError</Code><Message>Try again.</Message></Error>"


class Faulty(ThreadingHTTPServer):
    """The proxy.

    Attributes:
        port: of the server behind it, on this machine.
        share: of requests that fail.
        seen: how many requests there were, and how many of each fault.
        asked: access keys that requests were signed with.
    """

    daemon_threads = True
    port: int
    share: float
    seen: Counter[str]
    asked: set[str]
    draw: random.Random
    lock: threading.Lock

    def fault(self) -> str:
        """What befalls the next request; empty for nothing."""
        with self.lock:
            self.seen["request"] += 1
            fails = self.draw.random() < self.share
            kind = self.draw.choice(("reset", "lost", "500", "503", "short")) if fails else ""
            self.seen[kind] += 1
        return kind

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Faulty

    def answer(self) -> None:
        body = self._body()
        self.server.asked.add(self.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0])
        kind = self.server.fault()
        if kind == "reset":
            self._reset()
            return
        if kind in ("500", "503"):
            self._send(int(kind), {"Content-Type": "application/xml"}, SLOW_DOWN if kind == "503" else BROKEN)
            return
        behind = HTTPConnection("127.0.0.1", self.server.port)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        behind.request(self.command, self.path, body, headers)
        reply = behind.getresponse()
        content = reply.read()
        behind.close()
        if kind == "lost":  # it was done, and nobody hears of it
            self._reset()
            return
        self._send(reply.status, dict(reply.getheaders()), content, short=kind == "short")

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

    def _body(self) -> bytes:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            raise AssertionError("no client here sends chunks")
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _send(self, status: int, headers: dict[str, str], content: bytes, short: bool = False) -> None:
        self.send_response_only(status)
        size = headers.pop("Content-Length", headers.pop("content-length", str(len(content))))
        for name, value in headers.items():
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", size if self.command == "HEAD" else str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if short else content)
        if short:
            self._reset()

    def _reset(self) -> None:
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def faulty(url: str, share: float, seed: int) -> Iterator[Faulty]:
    """A proxy before a server on this machine, until the block ends."""
    with Faulty(("127.0.0.1", 0), Handler) as proxy:
        proxy.port, proxy.share, proxy.seen = int(url.rstrip("/").rpartition(":")[2]), share, Counter()
        proxy.draw, proxy.lock, proxy.asked = random.Random(seed), threading.Lock(), set()
        threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True).start()
        yield proxy
        proxy.shutdown()
