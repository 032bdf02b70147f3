from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.media import write_video


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
