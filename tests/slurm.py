"""A SLURM of two nodes on this machine for tests, by `.ci/slurm`: the one that runs already, or one of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "slurm"


@contextmanager
def slurm(folder: Path) -> Iterator[dict[str, str]]:
    """What must be in the environment to reach a SLURM; skips the tests where there can be none."""
    if shutil.which("slurmctld") is None or os.geteuid():
        pytest.skip("needs root and SLURM's daemons: .ci/slurm install")
    running = Path(os.environ.get("SLURM_CONF", "/"))
    if running.name == "slurm.conf" and (running.parent / "munge.socket").exists():  # .ci/run has started one
        yield {"SLURM_CONF": str(running)}
        return
    subprocess.run([SCRIPT, "up", folder], check=True, capture_output=True, text=True, timeout=60)
    try:
        yield {"SLURM_CONF": str(folder / "slurm.conf")}
    finally:
        subprocess.run([SCRIPT, "down", folder], check=True, capture_output=True, timeout=60)


def until(answer: Callable[[], object], seconds: float = 60) -> object:
    """What `answer` gives, as soon as that is something."""
    end = time.monotonic() + seconds
    while not (found := answer()):
        if time.monotonic() > end:
            pytest.fail(f"nothing within {seconds} s")
        time.sleep(0.1)
    return found
