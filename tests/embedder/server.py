"""A real HTTP server on this machine that speaks OpenAI's embeddings, well or badly as a test has it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DIM = 8


class VectorServer(ThreadingHTTPServer):
    """Answers with `replies`, (status, body, headers), one for each request, and then with vectors of what it is shown.

    Attributes:
        asked: headers and body of the questions that have arrived.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[tuple[int, bytes, dict[str, str]] | None] = []
        self.asked: list[tuple[dict[str, str], dict]] = []
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: VectorServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer(b'{"data": []}')

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((dict(self.headers), body))
        self._answer(vector(body) if self.path == "/v1/embeddings" else b"")

    def _answer(self, usual: bytes) -> None:
        reply = self.server.replies.pop(0) if self.server.replies else (200, usual, {})
        if reply is None:  # silence
            self.server.ended.wait(10)
            return
        status, body, headers = reply
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def vector(body: dict) -> bytes:
    """An answer that depends on the message alone."""
    digest = hashlib.sha256(json.dumps(body["messages"]).encode()).digest()
    said = {"object": "embedding", "index": 0, "embedding": [byte - 127.5 for byte in digest[:DIM]]}
    return json.dumps({"object": "list", "data": [said], "model": body["model"]}).encode()


@contextmanager
def serving() -> Iterator[VectorServer]:
    """A server that ends with the block."""
    with VectorServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()
