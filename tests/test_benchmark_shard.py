from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def test_every_way_is_measured_and_both_checks_pass():
    settings = ["--clips", "12", "--kib", "4", "--target-mib", "0.02", "--rounds", "1"]

    ended = subprocess.run(
        [sys.executable, "benchmarks/shard.py", *settings], cwd=ROOT, capture_output=True, text=True, check=True
    )

    rows = re.findall(r"^│ (\S.*?) +│ +[\d.]+ +│", ended.stdout, re.MULTILINE)
    assert rows[:3] == ["vidcurate", "vidcurate, checksums=false", "vidcurate, the tars alone"]
    assert len(rows) == 8 + 4
    assert "12 of 12 clips as they were" in ended.stdout
    # A sample takes 7 KiB with its headers, a shard of 20 KiB two: the seventh clip dies in the fourth of six tars.
    assert re.search(r"killed -9 after 3 shards and run again: \d+ files identical", ended.stdout)
    assert re.search(r"on two workers: \d+ files identical", ended.stdout)
