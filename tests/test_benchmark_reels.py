from __future__ import annotations

import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.shots import reels
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg command")
def test_a_reel_is_as_long_as_its_labels_say_and_the_shots_benchmark_reads_it(make_video, tmp_path):
    videos = [str(make_video(f"{seed}.mp4", shots=(120,), seed=seed)) for seed in range(3)]
    out = tmp_path / "reels"
    command = [sys.executable, "benchmarks/reels.py", *videos, "--out", str(out), "--reels", "1", "--shots", "5"]

    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    ((path, transitions),) = reels(out).items()
    frames = sum(1 for _ in Decoding(str(path), probe(str(path))))

    assert len(transitions) == 4
    assert all(one.last < other.first for one, other in pairwise(transitions))
    assert 0 < transitions[0].first <= transitions[-1].last < frames
