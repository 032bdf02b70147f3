"""Memory that is freed goes back to the system."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
LARGE = 2_000_000
"""Bytes from which an allocation is given back when it is freed: a little less than a plane of 1080p, for freed frames
are what would grow; and more than what most layers of a detector take."""
KEPT, GROWTH = 32 * 2**20, 16 * 2**20
"""Bytes of freed small change that are kept, and by which it grows."""


def give_back() -> None:
    """Keep glibc from holding on to freed frames: left alone, it soon takes megabytes for small change.

    Of 30 s of 1080p the most that a process held at once fell from 1.8 to 1.5 GiB. With a smaller LARGE, or without
    KEPT and GROWTH, pages that a detector needs again at once go and come all the time: 8 instead of 4 % of the CPU of
    a split. Does nothing on other systems.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(M_MMAP_THRESHOLD, LARGE)
            libc.mallopt(M_TRIM_THRESHOLD, KEPT)  # the first call has ended what glibc adjusts by itself
            libc.mallopt(M_TOP_PAD, GROWTH)
