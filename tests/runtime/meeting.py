"""What tests hand to workers in order to see that several are at work at the same time."""

from __future__ import annotations

import os
import time
from pathlib import Path


def meet(number: int, *, folder: str, count: int) -> str:
    """The SLURM job of this worker; ends as soon as `count` items are under way at a time."""
    Path(folder, str(number)).touch()
    end = time.monotonic() + 120
    while len(list(Path(folder).iterdir())) < count:
        if time.monotonic() > end:
            raise TimeoutError(f"{count} items were never under way together")
        time.sleep(0.05)
    return os.environ["SLURM_JOB_ID"]
