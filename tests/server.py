"""A real HTTP server on this machine that speaks OpenAI's chat completions, well or badly as a test has it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """What the server does with one request.

    Attributes:
        status: of HTTP.
        body: sent as it is; None for a chat completion that depends on the question alone.
        headers: beside the usual ones.
        silent: say nothing until the server ends.
        dripping: send a byte now and then, until the server ends or the client has left.
    """

    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    dripping: bool = False


@dataclass(frozen=True)
class Asked:
    """A request that has arrived."""

    path: str
    headers: dict[str, str]
    body: dict

    @property
    def parts(self) -> list[dict]:
        """What its one message says."""
        return self.body["messages"][0]["content"]

    @property
    def text(self) -> str:
        """The last thing that it says."""
        return self.parts[-1]["text"]


class ChatServer(ThreadingHTTPServer):
    """Answers with `replies`, one for each POST in the order of arrival, and then with plain completions.

    Attributes:
        asked: what has arrived.
        failing: a request that holds this text gets status 500, whatever the replies.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[Reply] = []
        self.asked: list[Asked] = []
        self.failing = ""
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request, client_address) -> None:
        """A client that has left is no error of the test's."""


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        reply = self.server.replies.pop(0) if self.server.replies else Reply(body=b'{"data": []}')
        self._send(reply, reply.body or b"")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(Asked(self.path, dict(self.headers), json.loads(raw)))
        reply = self.server.replies.pop(0) if self.server.replies else Reply()
        if self.server.failing and self.server.failing in raw.decode():
            reply = Reply(status=500, body=b"failing")
        if reply.silent:
            self.server.ended.wait(10)
            return
        self._send(reply, completion(raw) if reply.body is None else reply.body)

    def _send(self, reply: Reply, body: bytes) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for piece in (body[i : i + 1] for i in range(len(body))) if reply.dripping else (body,):
            self.wfile.write(piece)
            self.wfile.flush()
            if reply.dripping and self.server.ended.wait(0.05):
                return


def completion(question: bytes, **choice: object) -> bytes:
    """A chat completion whose words are a hash of what was asked."""
    text = f"seen {hashlib.sha256(question).hexdigest()[:8]}"
    said = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop", **choice}
    usage = {"prompt_tokens": len(question), "completion_tokens": 2, "total_tokens": len(question) + 2}
    return json.dumps({"object": "chat.completion", "choices": [said], "usage": usage}).encode()


@contextmanager
def serving() -> Iterator[ChatServer]:
    """A server that ends with the block."""
    server = ChatServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
