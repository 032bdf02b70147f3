from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.labelled import write_labelled

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def test_the_program_counts_what_the_advised_epsilon_merges(tmp_path):
    write_labelled(tmp_path)
    command = [sys.executable, "benchmarks/advised.py", str(tmp_path), "--epsilons", "0.0001", "0.3"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in ended.stdout.splitlines() if "│" in line]
    assert [row[:2] for row in rows] == [
        ["encoded", "1"],
        ["hard negatives", "2"],
        ["of other scenes", "0"],
        ["clips kept", "3"],
    ]
    assert rows[0][-1] == "1"
    assert "marks advise" in ended.stdout
