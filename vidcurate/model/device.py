"""Where models run, and how their answers are kept the same wherever that is."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_counting = threading.Lock()
_inside = _threads = 0


def best_device() -> str:
    """`cuda` where a GPU can be used, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def features() -> frozenset[str]:
    """What this CPU can do, in the words of Linux, e.g. `avx2`; empty elsewhere."""
    try:
        found = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return frozenset()
    return frozenset(found[1].split()) if found else frozenset()


def has_bf16() -> bool:
    """Whether this CPU multiplies bf16 in hardware (AVX512_BF16, AMX); elsewhere it is emulated, many times slower.

    Known on Linux only.
    """
    return bool(features() & {"avx512_bf16", "amx_bf16"})


def has_amx() -> bool:
    """Whether this CPU multiplies tiles of bf16 (AMX). Known on Linux only."""
    return "amx_bf16" in features()


@contextmanager
def products(*, rounded: bool) -> Iterator[None]:
    """Multiply float32 matrices as they are, or round their factors to bfloat16 where a CPU multiplies those faster.

    Sums are float32. The setting is the whole process's, so nothing else may multiply in the meantime.
    """
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium" if rounded else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


@contextmanager
def inference() -> Iterator[None]:
    """Run models without gradients and, on the CPU, on one thread.

    Kernels may add in another order when they share the work, so the number of cores would show in the last bits of
    the results. Videos, not operators, are what vidcurate spreads over cores.
    """
    import torch

    global _inside, _threads
    with _counting:  # of several threads that run models, the last one to end gives the others back
        if not _inside:
            _threads = torch.get_num_threads()
        _inside += 1
        torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            yield
    finally:
        with _counting:
            _inside -= 1
            if not _inside:
                torch.set_num_threads(_threads)
