"""Videos on a web server, named by a manifest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.media import write_video
from vidcurate import Recipe, curate
from vidcurate.embedder.histogram import Histogram
from vidcurate.source.list import ListFile
from vidcurate.splitter.fixed import Fixed

RECIPE = Recipe(splitter=Fixed(length=1, min_length=0.5), embedder=Histogram())


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address at which a web server has it."""
    pytest.importorskip("aiohttp", reason="needs vidcurate[http]")
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def clips(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "clips").iterdir()}


def test_web_addresses_give_the_clips_of_local_files_and_what_is_gone_fails_alone(served, tmp_path):
    folder, address = served
    path = write_video(folder / "a b.mp4", (30, 30))
    (tmp_path / "local.txt").write_text(f"{path}\n")
    (tmp_path / "web.txt").write_text(f"{address}/a%20b.mp4\n{address}/gone.mp4\n")

    for name, failures in (("local", 0), ("web", 1)):
        source, out = ListFile(path=str(tmp_path / f"{name}.txt")), str(tmp_path / name)
        told = curate(RECIPE, source=source, out=out, steps=("split",), max_failures=failures)

        assert told["videos"]["failed"] == failures

    assert len(clips(tmp_path / "web")) == 2
    assert clips(tmp_path / "web") == clips(tmp_path / "local")
