"""torch, torchcodec, and GPUs of Nvidia: what the driver sees, what torch can use, whether they decode and encode."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
from collections.abc import Generator, Iterator
from typing import Any

from vidcurate.stage.doctor.finding import Case, lack, told
from vidcurate.stage.doctor.versions import reinstall
from vidcurate.stage.findings import Finding, note, ok, trouble

QUERY = ("nvidia-smi", "--query-gpu=index,name,memory.total,memory.free,driver_version", "--format=csv,noheader")
ANSWER = 20.0
"""Seconds that nvidia-smi may take; with many GPUs and without persistence it takes some."""


def gpus(case: Case) -> Iterator[Finding]:
    """What the driver lists, then what torch says, then the parts that decode and encode."""
    seen = yield from _listed()
    try:
        import torch
    except Exception as error:  # a broken library is a finding
        yield trouble("torch", f"cannot be imported: {told(error)}", reinstall("torch"))
        return
    if torch.cuda.is_available():
        yield from _usable(torch)
        yield _encodes()
    else:
        yield _unusable(torch, seen)
    yield _torchcodec()
    yield from _decodes(case)


def _listed() -> Generator[Finding, None, int]:
    """One line a GPU; returns how many there are."""
    if shutil.which(QUERY[0]) is None:
        yield ok("nvidia-smi", "is not installed: no driver of Nvidia here")
        return 0
    try:
        asked = subprocess.run(QUERY, capture_output=True, text=True, check=False, timeout=ANSWER)
    except (OSError, subprocess.TimeoutExpired) as error:
        yield note("nvidia-smi", f"does not answer: {told(error)}", "see that the driver of the GPU is loaded")
        return 0
    lines = [line.strip() for line in asked.stdout.splitlines() if line.strip()]
    if asked.returncode or not lines:
        said = (lines or asked.stderr.split("\n") or [""])[0]
        yield note("nvidia-smi", f"fails: {said}", "see that the driver of the GPU is loaded")
        return 0
    for line in lines:
        index, *facts = (part.strip() for part in line.split(","))
        names = ("", "memory ", "free ", "driver ")
        yield ok(f"GPU {index}", ", ".join(f"{name}{fact}" for name, fact in zip(names, facts, strict=False)))
    return len(lines)


def _usable(torch: Any) -> Iterator[Finding]:
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    limit = "" if shown is None else f", CUDA_VISIBLE_DEVICES={shown}"
    yield ok("torch", f"{torch.__version__}, CUDA {torch.version.cuda}, uses {torch.cuda.device_count()} GPUs{limit}")
    for index in range(torch.cuda.device_count()):
        found = torch.cuda.get_device_properties(index)
        gib = found.total_memory / 2**30
        yield ok(f"cuda:{index}", f"{found.name}, {gib:.1f} GiB, compute capability {found.major}.{found.minor}")


def _unusable(torch: Any, seen: int) -> Finding:
    if not seen:
        return ok("torch", f"{torch.__version__}; no GPU, models run on the CPU")
    if torch.version.cuda is None:
        return note(
            "torch",
            f"{torch.__version__} is built without CUDA: the {seen} GPUs above are not used",
            "pip install --force-reinstall torch --index-url https://download.pytorch.org/whl/cu130, or cu126 for an "
            "older driver",
        )
    return note(
        "torch",
        f"{torch.__version__} for CUDA {torch.version.cuda} cannot use the {seen} GPUs above",
        "see that CUDA_VISIBLE_DEVICES does not hide them and that the driver is as new as that CUDA",
    )


def _encodes() -> Finding:
    from vidcurate.video.codecs import fault

    why = fault("h264_nvenc", "encode")
    return note("NVENC", f"does not open ({why})", "transcoder=h264") if why else ok("NVENC", "transcoder=h264_nvenc")


def _decodes(case: Case) -> Iterator[Finding]:
    """NVDEC, where the config asks for it or it could."""
    wanted = case.does("split") and case.recipe.decoder == "nvdec"
    from vidcurate.video import nvdec

    if why := nvdec.missing():
        yield lack(wanted, "NVDEC", why, "decoder=cpu") if wanted else ok("NVDEC", f"none ({why}); decoder=cpu does")
    else:
        yield ok("NVDEC", "decoder=nvdec can be tried")


def _torchcodec() -> Finding:
    """Whether the class that decodes can be imported, which loads the system's FFmpeg."""
    try:
        importlib.import_module("torchcodec.decoders")
        version = importlib.import_module("torchcodec").__version__
    except Exception as error:  # of whatever kind: RuntimeError where it finds no FFmpeg
        return note(
            "torchcodec",
            f"cannot be used ({told(error)}); finished clips are read again by PyAV, training decodes on the CPU",
            "install FFmpeg's libraries (apt-get install ffmpeg) and the torchcodec that goes with this torch",
        )
    return ok("torchcodec", f"{version} decodes")
