from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.crash import sums
from tests.media import write_video

ROOT = Path(__file__).parents[1]


def test_what_depends_on_the_run_is_not_compared(tmp_path):
    for key in ("run.json", "logs/a.jsonl", "processed_videos/_named_ids", "tables/a.parquet"):
        (tmp_path / key).parent.mkdir(exist_ok=True)
        (tmp_path / key).write_bytes(b"")

    assert list(sums(tmp_path)) == ["tables/a.parquet"]


@pytest.mark.slow
def test_a_pool_of_processes_that_is_killed_and_run_again_gives_the_same_bytes(tmp_path):
    for seed in range(3):
        write_video(tmp_path / f"{seed}.mp4", (30, 30), seed=seed % 2, gop=20 + seed)
    options = ("splitter=fixed", "splitter.length=1", "splitter.min_length=0.5", "embedder=histogram", "filter=[]")
    command = [sys.executable, "-m", "benchmarks.crash", tmp_path, "--kills=2", "--runtime=processes", *options]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("yes") == 2
