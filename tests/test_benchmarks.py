from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.shots import reels, trial
from vidcurate.splitter.adaptive import Adaptive
from vidcurate.stage.tune_shots.score import Score, Transition, scores

ROOT = Path(__file__).parents[1]


@pytest.fixture
def labelled(make_video, tmp_path) -> Path:
    """A folder with one reel of three shots, one of whose cuts the labels do not know."""
    make_video("reel.mp4", shots=(30, 30, 30))
    cuts = [{"frame_start": 29, "frame_end": 30, "kind": "cut"}]
    (tmp_path / "ground_truth.json").write_text(json.dumps([{"file": "reel.mp4", "cuts": cuts}]))
    return tmp_path


def test_a_trial_decodes_and_times_a_reel(labelled):
    ((path, truths),) = reels(labelled).items()

    outcome = trial(path, truths, Adaptive())

    assert outcome.found == (Transition(29, 30), Transition(59, 60))
    assert scores([outcome])["cut"] == Score(1, 1, 1)
    assert outcome.video_s == pytest.approx(3.6, abs=0.01)
    assert outcome.cpu_s > 0


@pytest.mark.slow
def test_the_program_prints_a_table_per_splitter(labelled):
    command = [sys.executable, "benchmarks/shots.py", str(labelled), "--splitter", "adaptive", "content"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert "adaptive: " in ended.stdout
    assert "content: " in ended.stdout
    assert ended.stdout.count("0.500") == 4  # precision of `cut` and `all` by either splitter


def test_the_program_says_what_it_needs(tmp_path):
    command = [sys.executable, "benchmarks/shots.py", str(tmp_path)]
    environment = {key: value for key, value in os.environ.items() if key != "VIDCURATE_CORPUS"}

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)

    assert ended.returncode == 2
    assert "no ground_truth.json in FOLDER=" in ended.stderr
