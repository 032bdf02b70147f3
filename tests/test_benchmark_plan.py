from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.media import write_video

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
CHEAP = ("splitter=fixed", "splitter.length=0.5", "splitter.min_length=0.1", "transcoder=copy", "embedder=histogram")


def test_the_program_sets_a_forecast_beside_the_run_on_two_workers(tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    for number in range(20):
        write_video(folder / f"{number:02}.mp4", (50 + 5 * (number % 4),), size=(160, 96), gop=12, seed=number)
    words = [str(folder), "--draws", "20", *CHEAP, "filter=[]", "runtime.workers=2", "plan.minutes=0.4"]

    ended = subprocess.run(
        [sys.executable, "benchmarks/plan.py", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in ended.stdout.splitlines() if "│" in line]
    found = {row[0]: row for row in rows if len(row) == 6}
    assert set(found) >= {"clips", "clip_seconds", "media_bytes", "shards_bytes", "cpu_seconds", "wall_seconds"}
    assert 0.75 <= float(found["clips"][4]) <= 1.25
    assert 0.75 <= float(found["media_bytes"][4]) <= 1.25
    assert 0.99 <= float(found["clip_seconds"][4]) <= 1.01
    assert {row[0] for row in rows if len(row) == 8} == {
        "clips", "clip_seconds", "kept_seconds", "media_bytes", "cpu_seconds", "seconds"
    }  # fmt: skip
