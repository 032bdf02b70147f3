"""The small network that makes of CLIP's vector of a picture how much people like it.

LAION's heads (v1 of 2022, one layer; v2, "sac+logos+ava1", five) have no activations between their layers, so that a
head is one weighted sum, whatever its depth: that is what is computed here, in float64 until the end.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vidcurate.errors import MissingWeights
from vidcurate.model.asked import Asked, ask

Head = Callable[[NDArray[np.float32]], NDArray[np.float64]]
"""float32 [n, dim], vectors of unit length -> float64 [n], what people would give, on LAION's heads from 1 to 10."""

HEADS = (
    "for ViT-L/14: sac+logos+ava1-l14-linearMSE.pth of github.com/christophschuhmann/improved-aesthetic-predictor, or "
    "sa_0_4_vit_l_14_linear.pth of github.com/LAION-AI/aesthetic-predictor"
)


def load_aesthetic_head(path: str, dim: int) -> Head:
    """A head from a file of PyTorch or safetensors; nothing in it is executed.

    Args:
        path: a local file.
        dim: length of the vectors that it is shown.

    Raises:
        MissingWeights: there is no such file, or it holds something else.
    """
    tensors = _tensors(path)
    names = sorted(
        (name for name, tensor in tensors.items() if name.endswith("weight") and tensor.ndim == 2), key=_order
    )
    weight, bias = np.eye(dim), np.zeros(dim)
    for name in names:
        layer = tensors[name].double().numpy()
        if layer.shape[1] != len(weight):
            raise _unfit(path, f"{name} takes {layer.shape[1]} numbers and gets {len(weight)}")
        shift = tensors.get(f"{name.removesuffix('weight')}bias")
        weight = layer @ weight
        bias = layer @ bias + (0.0 if shift is None else shift.double().numpy())
    if not names or len(weight) != 1:
        raise _unfit(path, f"it ends in {len(weight)} numbers, not one" if names else "it has no layers")

    def head(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.asarray(vectors.astype(np.float64) @ weight[0] + bias[0], np.float64)

    return head


def _tensors(path: str) -> dict[str, torch.Tensor]:
    file = Path(path).expanduser()
    if not file.is_file():
        raise MissingWeights(f"{path}: no such file of an aesthetic head; {HEADS}")
    ask(Asked("weights", path, file))
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if file.suffix == ".safetensors":
            return dict(load_file(file))
        loaded = torch.load(file, map_location="cpu", weights_only=True)
        return {name: tensor for name, tensor in loaded.items() if isinstance(tensor, torch.Tensor)}
    except (pickle.UnpicklingError, SafetensorError, RuntimeError, ValueError, AttributeError, EOFError) as error:
        raise _unfit(path, str(error).partition("\n")[0]) from error


def _order(name: str) -> list[int]:
    return [int(part) for part in name.split(".") if part.isdigit()]


def _unfit(path: str, why: str) -> MissingWeights:
    return MissingWeights(f"{path} is no aesthetic head for these vectors ({why}); {HEADS}")
