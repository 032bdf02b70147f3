"""OpenVINO as another way to compute a torch module on a CPU: converted in memory, for one shape, on one thread."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import MissingExtra

if TYPE_CHECKING:
    from torch import nn


def installed() -> bool:
    """Whether the package is there."""
    return importlib.util.find_spec("openvino") is not None


def compiled(
    module: nn.Module, shape: tuple[int, ...], precision: Literal["fp32", "bf16"]
) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """What a module answers, computed by OpenVINO.

    Args:
        module: uint8 [1, *shape] -> one float32 tensor, the batch in its second dimension.
        shape: of one item of the batch.
        precision: how numbers are held; bf16 is emulated where the CPU lacks it.

    Returns:
        uint8 [batch, *shape] -> float32 of the module's form; items go through one after the other.

    Raises:
        MissingExtra: openvino is not installed.
    """
    if not installed():
        raise MissingExtra("backend=openvino", package="openvino", extra="cpu")
    # On import it would report its use to its maker, without asking; it does not where this module is absent.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None is how an import is blocked
    import openvino
    import torch

    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it traces, which torch calls deprecated
        example = torch.zeros(1, *shape, dtype=torch.uint8)
        model = openvino.convert_model(module, example_input=example, input=[openvino.PartialShape([1, *shape])])
    options = {
        "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
        "INFERENCE_NUM_THREADS": 1,
        "NUM_STREAMS": 1,
    }
    run = openvino.Core().compile_model(model, "CPU", options)

    def answer(items: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.concatenate([run(items[index : index + 1])[0].copy() for index in range(len(items))], axis=1)

    return answer
