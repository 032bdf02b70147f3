from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def test_reading_holds_one_copy_of_the_matrix():
    command = [sys.executable, "benchmarks/vectors.py", "--rows", "75000", "--dim", "1024", "--type", "float32"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    found = re.search(r"peak (\S+) GB, of which the matrix (\S+) and the interpreter (\S+);", ended.stdout)
    peak, matrix, interpreter = map(float, found.groups())
    assert matrix == 0.31
    assert peak < interpreter + matrix + 0.25  # blocks and ids; a second copy would not fit
