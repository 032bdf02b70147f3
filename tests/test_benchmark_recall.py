from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.recall import recall, repeated, synthetic
from vidcurate.neighbours.graph import Graph, Nearest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def graph(nearest: list[float], pairs: list[float]) -> Graph:
    similarity, rows = np.array(pairs, np.float32), np.zeros(len(pairs), np.int64)
    found = Nearest(index=np.zeros(len(nearest), np.int64), similarity=np.array(nearest, np.float32))
    return Graph(nearest=found, first=rows, second=rows, similarity=similarity, floor=0.5)


def test_recall_counts_clips_and_pairs_within_epsilon():
    truth, found = graph([0, 0.95, 0.95, 0.8], [0.95, 0.95, 0.95, 0.8]), graph([0, 0.95, 0.92, 0.6], [0.95, 0.92])

    assert recall(found, truth, 0.1) == (1, 2 / 3)
    assert recall(found, truth, 0.06) == (0.5, 1 / 3)
    assert np.isnan(recall(found, truth, 0.01)).all()


def test_synthetic_vectors_hold_families_and_repeated_ones_resemble_the_first():
    vectors = synthetic(400, 64)
    again = repeated(vectors[:1], 50)

    similarity = np.sort(vectors @ vectors.T, axis=1)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(400), abs=1e-6)  # float32
    assert (similarity[:, -2] > 0.9 - 1e-6).sum() >= 100  # a quarter, and the clips that they are copies of
    assert ((again @ vectors[0] > 0.8 - 1e-6) & (again @ vectors[0] < 0.999 + 1e-6)).all()


def test_the_program_prints_a_line_per_search():
    command = [sys.executable, "benchmarks/recall.py", "--clips", "300", "--dim", "16", "--epsilons", "0.05"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    rows = {line.split("│")[1].strip(): line.split("│") for line in ended.stdout.splitlines() if line.startswith("│")}
    assert list(rows) == [
        "everything", "clustered", "probes 1", "probes 2", "probes 4", "probes 4, auto", "ivf", "hnsw", "pruned at 0.05"
    ]  # fmt: skip
    assert rows["pruned at 0.05"][4].split() == ["1.00000", "/", "1.0000"]
    assert float(rows["clustered"][2]) < float(rows["probes 1"][2]) < 1
