"""What computes a network on this machine, and in which numbers, where that is left to us."""

from __future__ import annotations

from typing import Literal

from vidcurate.model import openvino
from vidcurate.model.device import has_amx, has_bf16

Backend = Literal["torch", "openvino"]
Precision = Literal["fp32", "bf16"]


def chosen(
    device: str, backend: Backend | Literal["auto"], precision: Precision | Literal["auto"]
) -> tuple[Backend, Precision]:
    """The backend and the precision that `auto` stands for.

    Args:
        device: `cpu` or `cuda`.
        backend: `auto` is OpenVINO where it is installed and bf16 is computed on a CPU without AMX, else torch: with
            AMX, torch's 410 frames per CPU-s in bf16 are three times those of OpenVINO, or of fp32.
        precision: `auto` is bf16 on a CPU that multiplies it in hardware, else fp32.
    """
    if precision == "auto":
        precision = "bf16" if device == "cpu" and has_bf16() else "fp32"
    if backend == "auto":
        by_openvino = device == "cpu" and precision == "bf16" and not has_amx() and openvino.installed()
        backend = "openvino" if by_openvino else "torch"
    return backend, precision
