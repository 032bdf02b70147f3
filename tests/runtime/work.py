"""What tests hand to workers: imported by them, so it imports little."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def fail_at(number: int, *, victim: int) -> int:
    if number == victim:
        raise OSError(f"no room for {number}")
    return number


def die_once(number: int, *, folder: str) -> int:
    mark = Path(folder) / "died"
    if number == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number
