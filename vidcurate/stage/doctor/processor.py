"""The CPU: its cores, what it multiplies in hardware, what backends choose by that, and the libraries that use it."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path

from vidcurate.model.backend import chosen
from vidcurate.model.device import features
from vidcurate.runtime.processes import cores
from vidcurate.splitter.transnetv2 import TransNetV2
from vidcurate.stage.doctor.finding import Case, told
from vidcurate.stage.doctor.versions import reinstall, version
from vidcurate.stage.findings import Finding, note, ok

TOLD = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")
"""Features by which backends choose, and faiss."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def processor(case: Case) -> Iterator[Finding]:
    """Cores and features, the backend that `auto` stands for, threads of BLAS, and faiss."""
    yield ok("cores", f"{cores()} usable of {os.cpu_count()}, {_model()}")
    there = [name for name in TOLD if name in features()]
    yield ok("features", ", ".join(there) or f"none of {', '.join(TOLD)}")
    backend, precision = chosen("cpu", "auto", "auto")
    yield ok("backend=auto", f"splitter.backend={backend} in {precision} on this CPU")
    if isinstance(case.recipe.splitter, TransNetV2) and (precision == "fp32") and "avx2" not in there:
        yield note("splitter", "is slow on a CPU without AVX2", "a GPU, or splitter=adaptive")
    yield _threads()
    yield _faiss()


def _model() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _threads() -> Finding:
    """The library that multiplies matrices for numpy, and how many threads it may take."""
    import numpy as np

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    given = {name: os.environ[name] for name in THREADS if os.environ.get(name)}
    said = f"{blas.get('name', 'unknown')} {blas.get('version', '')}, " + (
        ", ".join(f"{name}={value}" for name, value in given.items()) or f"{cores()} threads, one a core"
    )
    many = [name for name, value in given.items() if value.isdigit() and int(value) > cores()]
    if many:
        return note("BLAS", f"{said}: more threads than cores, which wait for each other", f"unset {many[0]}")
    return ok("BLAS", said)


def _faiss() -> Finding:
    kinds = {name: found for name in ("faiss-cpu", "faiss-gpu") if (found := version(name))}
    if len(kinds) > 1:
        return note(
            "faiss",
            f"{' and '.join(kinds)} are both installed and overwrite each other",
            "pip uninstall both, then pip install 'vidcurate[cpu]' or 'vidcurate[gpu]'",
        )
    try:
        import faiss
    except Exception as error:  # of whatever kind; components that need it say so
        return note(
            "faiss",
            f"cannot be imported: {told(error)}",
            reinstall("faiss-gpu" if "faiss-gpu" in kinds else "faiss-cpu"),
        )
    name = next(iter(kinds), "faiss, not by pip,")
    count = getattr(faiss, "get_num_gpus", int)()
    return ok("faiss", f"{name} {faiss.__version__}, compiled for {faiss.get_compile_options().strip()}, GPUs {count}")
