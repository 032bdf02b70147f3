from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.shots import Score, Transition, Trial, hits, reels, scores, transitions, trial
from vidcurate.records import Shot
from vidcurate.splitter.adaptive import Adaptive

ROOT = Path(__file__).parents[1]


def spread(*spans: tuple[int, int]) -> list[Transition]:
    return [Transition(*span) for span in spans]


def test_a_transition_is_what_lies_between_two_shots():
    # A hard cut before frame 30, then eight frames that belong to no shot.
    found = transitions([Shot(0, 30), Shot(30, 60), Shot(68, 100)])

    assert found == (Transition(29, 30), Transition(59, 68))


@pytest.mark.parametrize(
    ("alarm", "hit"),
    [
        ((29, 30), True),
        ((31, 32), True),
        ((32, 33), True),  # 2 frames late
        ((33, 34), False),
        ((26, 27), True),  # 2 frames early
        ((25, 26), False),
        ((20, 60), True),
    ],
)
def test_an_alarm_hits_within_two_frames(alarm, hit):
    assert bool(hits(spread((29, 30)), spread(alarm))) is hit


def test_an_alarm_within_a_long_transition_hits():
    assert hits(spread((100, 140)), spread((119, 120))) == spread((100, 140))


def test_a_truth_takes_one_alarm_and_an_alarm_one_truth():
    assert hits(spread((10, 30)), spread((12, 13), (20, 21))) == spread((10, 30))
    assert hits(spread((10, 11), (14, 15)), spread((11, 14))) == spread((10, 11))


def test_neighbours_are_matched_so_that_most_are_hit():
    # The first alarm fits both truths, the second only the latter.
    assert hits(spread((10, 11), (14, 15)), spread((12, 13), (17, 18))) == spread((10, 11), (14, 15))


def test_every_kind_is_charged_with_all_false_alarms():
    truths = (Transition(9, 10, "cut"), Transition(49, 50, "cut"), Transition(70, 80, "fade"))
    found = tuple(spread((9, 10), (30, 31), (72, 73), (90, 91)))

    by_kind = scores([Trial(truths, found, 4.0, 1.0)])

    assert by_kind == {"cut": Score(2, 1, 2), "fade": Score(1, 1, 2), "all": Score(3, 2, 2)}


def test_precision_recall_and_f1_are_as_usual():
    score = Score(true=4, hits=3, false=1)

    assert (score.precision, score.recall, score.f1) == (0.75, 0.75, 0.75)


def test_nothing_found_scores_nothing_and_does_not_divide_by_zero():
    score = Score(true=4, hits=0, false=0)

    assert (score.precision, score.recall, score.f1) == (0.0, 0.0, 0.0)


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
