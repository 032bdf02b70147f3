"""libx264 with the same bytes on every CPU."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path


def parameters(*more: str) -> dict[str, str]:
    """Options for FFmpeg that hold `x264-params`; nothing where there are none.

    With AVX-512, libx264 (165, of PyAV 18.1) gives other bytes than with AVX2 or SSE4, and sometimes other ones the
    next time: where macroblock trees meet B-frames it reads memory that nobody has written, as `MALLOC_PERTURB_`
    shows. So it is told to do without.

    Args:
        more: parameters of libx264, such as `bframes=0`.
    """
    named = [*more, *(["asm=avx2"] if _has_avx512() else [])]
    return {"x264-params": ":".join(named)} if named else {}


@cache
def _has_avx512() -> bool:
    """Whether this CPU has it; only Linux tells."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return re.search(r"\bavx512f\b", flags) is not None
