from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.startup import COMMANDS, cpu_seconds

ROOT = Path(__file__).parents[1]


def test_cpu_is_that_of_the_command_and_not_ours(tmp_path):
    idle = cpu_seconds([sys.executable, "-c", "pass"], str(tmp_path))
    busy = cpu_seconds([sys.executable, "-c", "import time\nwhile time.process_time() < 0.5: pass"], str(tmp_path))

    assert 0 < idle < busy
    assert busy >= 0.5


@pytest.mark.slow
def test_every_command_has_its_ratio():
    command = [sys.executable, "benchmarks/startup.py", "--repeats", "1"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert all(f" {name} " in ended.stdout for name in COMMANDS)
    assert " 1.00 x " in ended.stdout  # import hydra, of itself
