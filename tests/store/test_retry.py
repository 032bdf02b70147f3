from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from vidcurate.errors import MissingExtra, StoreError
from vidcurate.store import retry
from vidcurate.store.reach import PACKAGES, located

BODY = bytes(range(256)) * 8


class Faults(ThreadingHTTPServer):
    """Serves BODY, after it has answered with the faults of `answers`, one each."""

    daemon_threads = True
    answers: list[int | str]
    asked: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Faults

    def do_HEAD(self) -> None:
        self._send(b"")

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        answer = self.server.answers.pop(0) if self.server.answers else 200
        if answer == "reset":
            self.connection.close()
        elif answer == "short":
            self._send(BODY[:100])
            self.connection.close()
        elif answer == 200:
            self._send(BODY)
        else:
            self.send_error(int(answer))

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch):
    pytest.importorskip("aiohttp", reason="needs vidcurate[http]")
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.001)
    with Faults(("127.0.0.1", 0), Handler) as faults:
        faults.answers, faults.asked = [], []
        threading.Thread(target=faults.serve_forever, args=(0.01,), daemon=True).start()
        yield faults
        faults.shutdown()


def url(server: Faults) -> str:
    return f"http://ann:hunter2@127.0.0.1:{server.server_port}/a.mp4"


def read(server: Faults) -> bytes:
    fs, name = located(url(server).replace("ann:hunter2@", ""))
    return fs.cat_file(name)


@pytest.mark.parametrize("fault", [500, 503, 429, "reset", "short"])
def test_what_fails_for_a_while_is_read_in_the_end(server, fault):
    server.answers = [fault] * (retry.ATTEMPTS - 1)

    assert read(server) == BODY
    assert len(server.asked) == retry.ATTEMPTS


def test_what_goes_on_failing_is_a_store_error_that_tells_what_to_do(server):
    server.answers = [503] * 99

    with pytest.raises(StoreError, match=r"a\.mp4 could not be read in 5 attempts .*503.*can be reached"):
        read(server)
    assert len(server.asked) == retry.ATTEMPTS


def test_what_will_not_change_is_asked_once(server):
    server.answers = [404, 403]

    with pytest.raises(FileNotFoundError):
        read(server)
    with pytest.raises(StoreError, match=r"cannot be read .*403"):
        read(server)
    assert len(server.asked) == 2


def test_a_server_that_is_not_there_is_no_absent_file(monkeypatch):
    pytest.importorskip("aiohttp", reason="needs vidcurate[http]")
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.001)
    fs, name = located("http://127.0.0.1:9/a.mp4")

    with pytest.raises(StoreError, match="could not be found in 5 attempts"):
        fs.exists(name)


@pytest.mark.parametrize("scheme", ["gs", "az", "abfs"])
def test_a_missing_package_is_named_with_its_extra(scheme):
    package, extra = PACKAGES[scheme]
    try:
        __import__(package)
    except ImportError:
        with pytest.raises(MissingExtra, match=rf"{scheme}:// needs {package}.*pip install 'vidcurate\[{extra}\]'"):
            located(f"{scheme}://bucket/key")
    else:
        pytest.skip(f"{package} is installed")
