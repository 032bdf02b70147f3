from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.dedup import best_earlier, by_columns, differing, full_matrix, synthetic, tiled, unit

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("peer", [full_matrix, by_columns, lambda rows: by_columns(rows, 4)])
def test_peers_give_the_reference_vector(peer):
    """Scores and indices of NeMo Curator's tests/stages/deduplication/semantic/test_pairwise.py."""
    rows = unit(np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12], [1, 2, 3], [1, 2, 3]]))

    highest, index = peer(rows)

    assert highest == pytest.approx([0, 0.974632, 0.998191, 0.999619, 1, 1], abs=1e-6)  # as many digits
    assert index.tolist() == [0, 0, 1, 2, 0, 0]


def test_the_best_earlier_row_is_that_of_the_whole_product():
    rows = synthetic(700, dim=16, topics=5)

    found = best_earlier(rows)

    whole = np.tril(rows @ rows.T, -1) - np.triu(np.ones((700, 700)))
    assert found == pytest.approx(whole.max(axis=1), abs=1e-6)  # float32


def test_decisions_differ_only_across_an_epsilon():
    assert differing(np.array([0.98, 0.94], np.float32), np.array([0.995, 0.945], np.float32)) == [1, 0, 0, 0]


def test_tiled_clips_are_unit_rows_of_which_a_quarter_are_near_copies():
    rows = tiled(synthetic(30, dim=64), 2000)

    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    assert 0.2 < np.mean(best_earlier(rows) > 0.9) < 0.6


def test_the_program_prints_costs_and_that_no_decision_differs(tmp_path):
    np.save(tmp_path / "clips.npy", synthetic(50, dim=32))
    program = [sys.executable, "benchmarks/dedup.py", str(tmp_path / "clips.npy")]

    ended = subprocess.run(
        [*program, "--rows", "1500", "--sizes", "300", "--repeats", "1", "--floors", "0.7"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert ended.stdout.count("all with all") == ended.stdout.count("within clusters of 300") == 2
    assert ended.stdout.count("[0, 0, 0, 0]") == 6
