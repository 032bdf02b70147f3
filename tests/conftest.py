from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import tiny_vlm
from tests.media import write_video
from tests.server import ChatServer, serving
from tests.tiny import WRITERS

LONGEST = ("test_readme", "test_transnetv2", "test_share", "test_pipeline", "test_crash", "test_contributing")
"""Files that take longest, first, so that no worker is left alone with one of them in the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files."""
    turn = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: turn.get(item.path.stem, len(turn)))


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """`make_video("a.mp4", shots=(30, 30), ...)` writes a video with known cuts below tmp_path."""

    def make(name: str = "video.mp4", **options: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_video(path, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The optional corpus of real clips; tests that ask for it are skipped without it."""
    folder = Path(os.environ.get("VIDCURATE_CORPUS", Path(__file__).parents[2] / "shared" / "data"))
    if not (folder / "MANIFEST.json").exists():
        pytest.skip(f"no corpus at {folder}; set VIDCURATE_CORPUS")
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """`tiny("clip")` is the folder of a tiny checkpoint, the same for the whole session; weights come from seed 0."""
    pytest.importorskip("transformers", reason="needs vidcurate[vlm]")
    import torch

    root = tmp_path_factory.mktemp("tiny")

    def checkpoint(name: str) -> str:
        folder = root / name
        if not folder.exists():
            with torch.random.fork_rng():
                torch.manual_seed(0)
                (WRITERS | tiny_vlm.WRITERS)[name](folder)
        return str(folder)

    return checkpoint


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    """A chat server that ends with the test."""
    with serving() as server:
        yield server
