"""EfficientNet-Lite0: maps and features of an image, and from these the scores of ImageNet's 1000 classes.

Papers: EfficientNet, Tan and Le 2019, arXiv:1905.11946; its Lite variant (TensorFlow TPU models, 2020) has no
squeeze-and-excitation, ReLU6 instead of swish, and a first and last layer of fixed width. Differences: batch norms
are folded into the convolutions before them when the weights are loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from vidcurate.model.batching import batched
from vidcurate.model.device import inference
from vidcurate.model.weights import EFFICIENTNET_LITE0

SIZE = 224  # width and height in pixels of the images that the network was trained on
FEATURES = 1280

# The paper's table 1: kernel, stride of the first block, expansion, channels in, channels out, blocks.
STAGES = (
    (3, 1, 1, 32, 16, 1),
    (3, 2, 6, 16, 24, 2),
    (5, 2, 6, 24, 40, 2),
    (3, 2, 6, 40, 80, 3),
    (5, 1, 6, 80, 112, 3),
    (5, 2, 6, 112, 192, 4),
    (3, 1, 6, 192, 320, 1),
)
MAPPED = sum(stage[-1] for stage in STAGES[:-1])  # blocks before the last stage
CHANNELS, PIXELS = 192, 32  # after them: channels, and how many pixels of the image lie between neighbouring places


@cache
def pretrained(device: str) -> EfficientNetLite0:
    """The network with its published weights, ready to infer; one per process and device, whoever asks.

    Raises:
        MissingWeights: they are not on this machine.
    """
    model = EfficientNetLite0()
    model.load_state_dict(_folded(EFFICIENTNET_LITE0.load()))
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack it
    return model.eval()


def features(model: EfficientNetLite0, images: NDArray[np.uint8], batch: int) -> NDArray[np.float32]:
    """Features of images.

    Args:
        model: as `pretrained` returns it.
        images: uint8 [n, 224, 224, 3] RGB.
        batch: images that go through the network together.

    Returns:
        float32 [n, 1280] in [0, 6].
    """
    return _shown(model, model, images, batch, (FEATURES,))


def maps(model: EfficientNetLite0, images: NDArray[np.uint8], batch: int) -> NDArray[np.float32]:
    """What the network sees where: the maps before its last stage.

    Args:
        model: as `pretrained` returns it.
        images: uint8 [n, height, width, 3] RGB, sides that 32 divides.
        batch: images that go through the network together.

    Returns:
        float32 [n, 192, height / 32, width / 32], of either sign.
    """
    places = (images.shape[1] // PIXELS, images.shape[2] // PIXELS)
    return _shown(model, model.maps, images, batch, (CHANNELS, *places))


def probabilities(model: EfficientNetLite0, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of ImageNet's classes, float32 [n, 1000], from features, float32 [n, 1280]."""
    with inference():
        logits = model.classes(torch.from_numpy(features).to(model.classes.weight.device))
        confidence: NDArray[np.float32] = logits.softmax(dim=1).cpu().numpy()
    return confidence


class EfficientNetLite0(nn.Module):
    """uint8 [n, 224, 224, 3] RGB -> features, [n, 1280]; `classes` takes features to logits, [n, 1000]."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _Conv(3, 32, kernel=3, stride=2)
        self.blocks = nn.ModuleList(
            _Block(inputs if first else outputs, outputs, kernel, stride if first else 1, expansion)
            for kernel, stride, expansion, inputs, outputs, repeats in STAGES
            for first in [True] + [False] * (repeats - 1)
        )
        self.head = _Conv(320, FEATURES)
        self.classes = nn.Linear(FEATURES, 1000)

    def maps(self, images: Tensor) -> Tensor:
        """Maps before the last stage, [n, 192, height / 32, width / 32]."""
        x = F.relu6(self.stem((images.movedim(3, 1).float() - 127) / 128))
        for block in self.blocks[:MAPPED]:
            x = block(x)
        return x

    def forward(self, images: Tensor) -> Tensor:
        """Features of images."""
        x = self.maps(images)
        for block in self.blocks[MAPPED:]:
            x = block(x)
        return F.relu6(self.head(x)).mean(dim=(2, 3))


def _shown(
    model: EfficientNetLite0,
    part: Callable[[Tensor], Tensor],
    images: NDArray[np.uint8],
    batch: int,
    shape: tuple[int, ...],
) -> NDArray[np.float32]:
    """What a part of the network says of images, float32 [n, *shape]."""
    device = model.classes.weight.device

    def run(some: Sequence[NDArray[np.uint8]]) -> Sequence[NDArray[np.float32]]:
        with inference():
            return list(part(torch.from_numpy(np.stack(some)).to(device)).cpu().numpy())

    return np.asarray(batched(list(images), batch, run), np.float32).reshape(len(images), *shape)


class _Block(nn.Module):
    """Inverted bottleneck: more channels, a filter for each, fewer channels; with a shortcut where shapes agree."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expand = _Conv(inputs, wide) if expansion > 1 else None
        self.depthwise = _Conv(wide, wide, kernel=kernel, stride=stride, groups=wide)
        self.project = _Conv(wide, outputs)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self.expand is None else F.relu6(self.expand(x))
        narrow: Tensor = self.project(F.relu6(self.depthwise(wide)))
        return x + narrow if self.shortcut else narrow


class _Conv(nn.Conv2d):
    """A convolution padded as TensorFlow's `same`: of an odd number of rows, the larger half goes below."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int = 1, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, padding=kernel // 2 if stride == 1 else 0, groups=groups)
        rows = kernel - stride  # of images whose size the stride divides
        self.border = (rows // 2, rows - rows // 2) * 2 if stride > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x if self.border is None else F.pad(x, self.border))


def _folded(theirs: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published tensors under our names, each batch norm folded into its convolution."""
    layers = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
    for block in range(sum(stage[-1] for stage in STAGES)):
        for index, name in enumerate(("expand", "depthwise", "project")):
            layers[f"blocks.{block}.{name}"] = (f"_blocks.{block}._{name}_conv", f"_blocks.{block}._bn{index}")
    ours = {"classes.weight": theirs["_fc.weight"], "classes.bias": theirs["_fc.bias"]}
    for our, (convolution, norm) in layers.items():
        if f"{convolution}.weight" in theirs:  # the first block expands nothing
            scale = theirs[f"{norm}.weight"] / torch.sqrt(theirs[f"{norm}.running_var"] + 1e-3)
            ours[f"{our}.weight"] = theirs[f"{convolution}.weight"] * scale[:, None, None, None]
            ours[f"{our}.bias"] = theirs[f"{norm}.bias"] - theirs[f"{norm}.running_mean"] * scale
    return ours
