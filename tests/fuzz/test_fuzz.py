"""Broken videos and tables end in an error of ours: no crash of a native library, no hang, no memory without end."""

from __future__ import annotations

import io
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.mutations import broken
from vidcurate.source.sample import CLIPS

ROOT = Path(__file__).parents[2]
GROWTH = 400 * 1024
"""KiB by which the process that reads may grow over all files."""
QUIET = settings(
    database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True
)


def small(name: str, codec: str) -> bytes:
    """Four frames of noise in a container, a few kilobytes."""
    file, random = io.BytesIO(), np.random.default_rng(0)
    with av.open(file, "w", format=name) as container:
        stream = container.add_stream(codec, rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(4):
            image = random.integers(0, 255, (48, 64, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def table() -> bytes:
    """Embeddings with ids and scores, as ours and as NeMo's are."""
    ids, other = [f"clip{number}" for number in range(40)], [f"clip{number // 2}" for number in range(40)]
    vectors = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    columns = {"id": ids, "max_id": other, "cosine_sim_score": np.linspace(0, 1, 40, dtype=np.float32)}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns | {"embedding": list(vectors)}), sink, row_group_size=16, compression="zstd")
    return sink.getvalue()


SOUND = {
    "mp4": lambda: small("mp4", "libx264"),
    "mkv": lambda: small("matroska", "libx264"),
    "webm": lambda: small("webm", "libvpx"),
    "avi": lambda: small("avi", "mpeg4"),
    "ts": lambda: small("mpegts", "mpeg2video"),
    "gif": lambda: (CLIPS / "frog.gif").read_bytes()[:20_000],
    "parquet": table,
}


def write_broken(folder: Path, suffix: str, count: int) -> None:
    """Write so many broken files of a kind; the same ones every time."""
    files: list[bytes] = []

    @settings(QUIET, max_examples=count)
    @given(broken(SOUND[suffix]()))
    def collect(data: bytes) -> None:
        files.append(data)

    collect()
    assert len(set(files)) > count // 2
    for number, data in enumerate(files[:count]):
        (folder / f"{suffix}-{number:05d}.{suffix}").write_bytes(data)


def read_all(kind: str, folder: Path, seconds: float) -> None:
    """Read a folder in a process of its own.

    Args:
        kind: of its files.
        folder: with broken files.
        seconds: that it may take before it counts as hung.
    """
    command = [sys.executable, "-m", "tests.fuzz.driver", kind, str(folder)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=seconds)
    lines = ended.stdout.splitlines()
    assert ended.returncode == 0, f"{lines[-1:]} ends the process ({ended.returncode}): {ended.stderr[-2000:]}"
    assert lines[-1].startswith("grown ")
    assert int(lines[-1].split()[1]) < GROWTH
    assert len(lines) == 1 + len(list(folder.iterdir()))


def test_broken_videos_end_in_an_error_of_ours(tmp_path):
    for suffix in ("mp4", "mkv", "webm", "avi", "ts", "gif"):
        write_broken(tmp_path, suffix, 25)

    read_all("video", tmp_path, 120)


def test_broken_tables_end_in_an_error_of_ours(tmp_path):
    write_broken(tmp_path, "parquet", 60)

    read_all("parquet", tmp_path, 120)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm"])
def test_many_broken_videos_end_in_an_error_of_ours(tmp_path, suffix):
    write_broken(tmp_path, suffix, 400)

    read_all("video", tmp_path, 300)


@pytest.mark.slow
def test_many_broken_tables_end_in_an_error_of_ours(tmp_path):
    write_broken(tmp_path, "parquet", 600)

    read_all("parquet", tmp_path, 300)
