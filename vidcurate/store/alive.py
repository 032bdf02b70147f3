"""Which processes of this machine still are what they were."""

from __future__ import annotations

import os
from pathlib import Path


def started(pid: int) -> int:
    """When a process began: it tells it from a later one of the same number.

    Returns:
        Ticks since boot; 0 if there is none, or it has ended and waits to be seen, as what was killed does for good
        where nobody looks after orphans (in a container, say). Where the system has no /proc, 1 for whatever is there.
    """
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0 if Path("/proc/self/stat").exists() else int(_is_there(pid))
    return 0 if after_name[0] in "ZX" else int(after_name[19])


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # sends nothing, only asks
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
