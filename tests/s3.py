"""An S3 server for tests: moto's, in a process of its own.

Of those who create a key at once S3 lets one. moto looks whether there is one and writes then, so here it does that for
one after the other.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """URL of a server that holds a bucket `bucket` and ends with the block; its keys are set in the environment."""
    pytest.importorskip("moto", reason="needs moto[server], of vidcurate[dev]")
    s3fs = pytest.importorskip("s3fs", reason="needs vidcurate[s3]")
    log = folder / "moto.log"
    with log.open("wb") as out:
        server = subprocess.Popen([sys.executable, "-m", "tests.s3"], stdout=out, stderr=out)
    try:
        url = _url(log, server)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in KEYS.items():
                patch.setenv(name, value)
            for name in [name for name in os.environ if name.startswith("AWS_") and name not in KEYS]:
                patch.delenv(name)
            s3fs.S3FileSystem(endpoint_url=url).mkdir("bucket")
            yield url
    finally:
        server.terminate()
        server.wait()


def _url(log: Path, server: subprocess.Popen[bytes]) -> str:
    """Where the server listens, once its log says so."""
    for _ in range(600):
        said = log.read_text()
        if "Running on http" in said:
            return said.partition("Running on ")[2].split()[0]
        if server.poll() is not None:
            pytest.fail(f"the server ended: {said}")
        time.sleep(0.05)
    pytest.fail(f"the server does not start: {said}")


def _serve() -> None:
    """Answer requests at a port that the system chooses, until the process is ended."""
    from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import run_simple

    app, turn = DomainDispatcherApplication(create_backend_app), threading.Lock()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "HTTP_IF_NONE_MATCH" not in environ:
            return app(environ, start_response)
        with turn:
            return app(environ, start_response)

    run_simple("127.0.0.1", 0, answer, threaded=True, request_handler=MotoRequestHandler)


if __name__ == "__main__":
    _serve()
