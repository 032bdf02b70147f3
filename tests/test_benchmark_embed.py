from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.embed import auc, pairs, phash, quality, recall
from tests.frames import frames_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
LABELS = [
    {"file": f"labelled/{group}_{relation}.mp4", "group": group, "scene": scene, "relation": relation}
    for group, scene, relation in (
        ("dog_0", "dog", "original"),
        ("dog_0", "dog", "mirror"),
        ("dog_0", "dog", "logo"),
        ("dog_1", "dog", "hard_negative"),
        ("cat_0", "cat", "original"),
    )
]


def numbers(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_pairs_are_duplicates_or_hard_or_neither():
    found = pairs(LABELS)

    two = list(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert [pair for pair, yes in zip(two, found.duplicate, strict=True) if yes] == [(0, 1), (0, 2), (1, 2)]
    assert [pair for pair, yes in zip(two, found.hard, strict=True) if yes] == [(0, 3), (1, 3), (2, 3)]
    assert {kind: two[mask.argmax()] for kind, mask in found.kinds.items()} == {"logo": (0, 2), "mirror": (0, 1)}


def test_auc_counts_ties_half():
    assert auc(numbers(0.9, 0.5), numbers(0.5, 0.1)) == 0.875  # 3 of 4 above, 1 tie
    assert np.isnan(auc(numbers(0.9), numbers()))


@pytest.mark.parametrize(("rate", "share"), [(0.0, 1 / 3), (0.5, 2 / 3), (0.4, 1 / 3)])
def test_recall_is_above_what_the_allowed_negatives_reach(rate, share):
    assert recall(numbers(0.9, 0.6, 0.1), numbers(0.8, 0.2), rate) == share


def test_a_kind_is_scored_on_its_own_pairs():
    found = pairs(LABELS)
    similarity = np.where(found.kinds["mirror"], 0.3, np.where(found.hard, 0.5, np.where(found.duplicate, 0.9, 0.0)))

    rows = quality(found, similarity.astype(np.float32))

    assert rows["logo"] == (1, 1, 1)
    assert rows["mirror"] == (0, 4 / 7, 0)  # below 3 hard pairs, above 4 easy ones
    assert rows["all"][0] == pytest.approx(2 / 3)


def test_phash_is_one_for_a_copy_and_minus_one_for_a_negative():
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)

    vectors = phash([frames_of(images), frames_of(images), frames_of(255 - images)])

    assert vectors[0] @ vectors[1] == pytest.approx(1, abs=1e-6)  # float32
    assert vectors[0] @ vectors[2] < -0.9  # bits are compared with a median, which is not itself mirrored


def test_the_program_prints_two_tables_per_method(make_video, tmp_path):
    for entry in LABELS:
        make_video(entry["file"], shots=(12,) if entry["scene"] == "dog" else (6, 6))
    (tmp_path / "labelled" / "ground_truth.json").write_text(json.dumps({"files": LABELS}))
    command = [sys.executable, "benchmarks/embed.py", str(tmp_path / "labelled"), "--embedder", "histogram", "phash"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    for name in ("histogram", "phash"):
        assert f"{name}: 0." in ended.stdout  # CPU-s per clip
        assert f"{name}: pairs above 1 - eps" in ended.stdout
    assert ended.stdout.count("mirror") == 2


def test_the_program_says_what_it_needs(tmp_path):
    command = [sys.executable, "benchmarks/embed.py", str(tmp_path)]
    environment = {key: value for key, value in os.environ.items() if key != "VIDCURATE_CORPUS"}

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)

    assert ended.returncode == 2
    assert "no ground_truth.json in FOLDER=" in ended.stderr
