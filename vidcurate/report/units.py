"""Numbers as people read them."""

from __future__ import annotations


def thousands(number: int) -> str:
    """Thousands set apart: 1,234."""
    return f"{number:,}"


def counted(number: int, things: str) -> str:
    """So many things: 1 clip, 2,000 clips.

    Args:
        number: how many.
        things: their plural, which ends in s.
    """
    return f"{thousands(number)} {things.removesuffix('s') if number == 1 else things}"


def timespan(seconds: float) -> str:
    """A length of time in the units that suit it: 3.2 s, 4 min 10 s, 2 h 05 min, 1,234 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours < 100 else f"{hours:,} h"


def clock(seconds: float) -> str:
    """A moment of a video as players show it: 1:02:03.4, 2:03.4."""
    tenths = round(seconds * 10)
    hours, minutes, rest = tenths // 36000, tenths // 600 % 60, tenths % 600 / 10
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"


def size(num_bytes: float) -> str:
    """Bytes in the largest unit that leaves a number above 1: 812 bytes, 3.4 MiB."""
    if num_bytes < 1024:
        return f"{num_bytes:.0f} bytes"
    for unit in ("KiB", "MiB", "GiB"):
        num_bytes /= 1024
        if num_bytes < 1024:
            return f"{num_bytes:.1f} {unit}"
    return f"{num_bytes / 1024:,.1f} TiB"


def share(value: float) -> str:
    """A part of 1 in percent, finer where it is nearly nothing or nearly all: 42%, 0.3%, 99.8%."""
    return f"{value:.0%}" if value in (0, 1) or 0.01 <= value <= 0.99 else f"{value:.1%}"


def number(value: float) -> str:
    """Three digits, or a whole number: 0.00123, 45.6, 12,346."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.3g}"
