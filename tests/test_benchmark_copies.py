from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.labelled import write_labelled

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def test_the_program_counts_kinds_of_copies_and_mistakes(tmp_path):
    write_labelled(tmp_path)
    command = [sys.executable, "benchmarks/copies.py", str(tmp_path), "--max-bits", "6"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in ended.stdout.splitlines() if "│" in line]
    assert rows == [["encoded", "1", "1"], ["hard negatives", "2", "0"], ["of other scenes", "0", "0"]]
    assert "6 bits: 1 of 3 clips dropped, 0 of them for another's sake" in ended.stdout
