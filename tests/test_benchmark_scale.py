from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.scale import PARTS, Size, line

ROOT = Path(__file__).parents[1]


def test_growth_is_the_slope_between_the_logarithms():
    small = {"units": 1000, "cpu": 2.0, "wall": 2.0, "peak": 3 * 2**20, "held": 2**20}
    large = {"units": 4000, "cpu": 16.0, "wall": 9.0, "peak": 5 * 2**20, "held": 2**20}

    assert line("read", "videos", small, {}).split()[2:] == ["videos", "2.00", "2.00", "3", "2000.00", "2097"]
    assert line("read", "videos", large, small).split()[-1] == "1.50"


@pytest.mark.parametrize("part", ["listing", "write", "settle", "hand-over", "shard plan", "local"])
def test_every_part_counts_its_units(part, tmp_path):
    prepare, work, unit = PARTS[part]
    size = Size(folder=tmp_path, videos=4, clips=3, dim=4)
    prepare(size)

    count = work(size)

    assert count == {"videos": 4, "clips": 12}[unit]


@pytest.mark.slow
def test_the_program_prints_a_line_for_each_part_and_size(tmp_path):
    command = [sys.executable, "-m", "benchmarks.scale", "--videos", "20", "40", "--clips", "2"]
    command += ["--part", "ledger", "read", "--folder", str(tmp_path)]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    rows = [re.match(r"(\w+) +(\d+) videos", row) for row in ended.stdout.splitlines()[1:]]
    assert [row.groups() for row in rows] == [("ledger", "20"), ("ledger", "40"), ("read", "20"), ("read", "40")]
