"""OpenVINO as another way to compute a torch module on a CPU: converted in memory, for given shapes, on one thread."""

from __future__ import annotations

import importlib.util
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import MissingExtra

if TYPE_CHECKING:
    from torch import nn


def installed() -> bool:
    """Whether the package is there."""
    return importlib.util.find_spec("openvino") is not None


def compiled(
    module: nn.Module, examples: Sequence[NDArray[Any]], precision: Literal["fp32", "bf16"]
) -> Callable[..., list[NDArray[np.float32]]]:
    """What a module answers, computed by OpenVINO.

    Args:
        module: tensors -> float32 tensors.
        examples: arguments of the shapes and dtypes that it will be called with.
        precision: how numbers are held; bf16 is emulated where the CPU lacks it.

    Returns:
        arrays like `examples` -> arrays like the module's answers.

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
        model = openvino.convert_model(
            module,
            example_input=tuple(torch.from_numpy(example) for example in examples),
            input=[openvino.PartialShape(example.shape) for example in examples],
        )
    options = {
        "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
        "INFERENCE_NUM_THREADS": 1,
        "NUM_STREAMS": 1,
    }
    run, turn = openvino.Core().compile_model(model, "CPU", options), threading.Lock()  # it answers one at a time

    def answer(*items: NDArray[Any]) -> list[NDArray[np.float32]]:
        with turn:
            return list(run(items, share_inputs=True).to_tuple())

    return answer
