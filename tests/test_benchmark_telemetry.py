from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def test_what_an_item_costs_is_said():
    command = [sys.executable, "benchmarks/telemetry.py", "--items", "2000"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert re.search(r"2,000 items: \d+ us of CPU each, [\d.]+ % of one that\ntakes 50 ms; \d{3} bytes", ended.stdout)
    assert re.search(r"timeline: [\d.]+ s of CPU, 0\.\d\d MB", ended.stdout)
