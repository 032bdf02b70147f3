"""TransNetV2: for every frame of a video, how likely a shot ends there.

Paper: Souček and Lokoč 2020, arXiv:2008.04838; reference code: soCzech/TransNetV2. Differences: a cell's four spatial
convolutions, which read the same input, are computed as one; frames lie in memory with their channels last, so that a
(2+1)D convolution is two 2D convolutions without a copy between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Literal, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from vidcurate.model import openvino
from vidcurate.model.device import has_bf16, inference
from vidcurate.model.weights import TRANSNETV2

WINDOW, STRIDE = 100, 50
"""Frames that are seen together, and how many of them, those in the middle, are scored.

As published. Longer windows are cheaper, 150 and 100 by a sixth, but until a frame is scored up to 125 others wait in
memory, not 75.
"""
DILATIONS = (1, 2, 4, 8)  # frames between the taps of a cell's four temporal convolutions
REACH = 50  # a frame is compared with so many before it and after it

Image = NDArray[np.uint8]
Network = Callable[[Image], NDArray[np.float32]]
"""uint8 [batch, time, 27, 48, 3] RGB -> float32 [2, batch, time], probabilities as in `Scores`."""


class Scores(NamedTuple):
    """Probabilities of n frames of a video.

    Attributes:
        single: float32 [n] in [0, 1], that the frame is the middle of a transition; of a hard cut: the last one before.
        many_hot: float32 [n] in [0, 1], that the frame is any part of a transition.
    """

    single: NDArray[np.float32]
    many_hot: NDArray[np.float32]


def pretrained(
    device: str,
    backend: Literal["auto", "torch", "openvino"] = "auto",
    precision: Literal["auto", "fp32", "bf16"] = "auto",
) -> Network:
    """The network with its published weights, ready to infer.

    Args:
        device: `cpu` or `cuda`.
        backend: what computes it; `auto` is OpenVINO where it is installed and bf16 is computed on a CPU, else torch.
        precision: how numbers are held; `auto` is bf16 on a CPU that multiplies it in hardware, else fp32.

    Raises:
        MissingWeights: they are not on this machine.
        MissingExtra: `openvino` is asked for and not installed.
    """
    model = TransNetV2()
    model.load_state_dict(_renamed(TRANSNETV2.load()))
    model.eval()
    if precision == "auto":
        precision = "bf16" if device == "cpu" and has_bf16() else "fp32"
    if backend == "auto":
        backend = "openvino" if device == "cpu" and precision == "bf16" and openvino.installed() else "torch"
    if backend == "openvino":
        return openvino.compiled(_Probabilities(model), (WINDOW, 27, 48, 3), precision)
    return _in_torch(model, device, precision)


def score(
    network: Network, frames: Iterable[Image], batch: int = 1, window: int = WINDOW, stride: int = STRIDE
) -> Iterator[Scores]:
    """Score every frame of a video, some as soon as those that they depend on have passed.

    Args:
        network: as `pretrained` returns it.
        frames: uint8 [27, 48, 3] RGB, in order; at most `batch` + 1 windows of them are in memory at once.
        batch: windows that go through the network together; on a CPU, whose cache holds one, 1 is fastest.
        window: frames that are seen together; OpenVINO takes no other number than `WINDOW`.
        stride: how many of them are scored.

    Yields:
        scores of the next frames.
    """
    ahead = windows(frames, window, stride)
    margin = (window - stride) // 2
    while group := list(islice(ahead, batch)):
        scores = network(np.stack([images for images, _ in group]))
        for row, (_, fresh) in enumerate(group):
            yield Scores(*scores[:, row, margin : margin + fresh])


def windows(frames: Iterable[Image], window: int = WINDOW, stride: int = STRIDE) -> Iterator[tuple[Image, int]]:
    """Overlapping windows whose middles tile a video; the first and the last frame are repeated around it.

    Yields:
        uint8 [window, 27, 48, 3], and how many frames of its middle there are in the video; less than `stride` only in
        the last.
    """
    margin = (window - stride) // 2
    stream = iter(frames)
    first = list(islice(stream, 1))
    held = first * margin
    for frame in chain(first, stream):
        held.append(frame)
        if len(held) == window:
            yield np.stack(held), stride
            del held[:stride]
    while (fresh := len(held) - margin) > 0:
        yield np.stack((held + held[-1:] * window)[:window]), min(fresh, stride)
        del held[:stride]


def _in_torch(model: TransNetV2, device: str, precision: str) -> Network:
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack it
    kind = torch.device(device).type

    def network(frames: Image) -> NDArray[np.float32]:
        with inference(), torch.autocast(kind, torch.bfloat16, enabled=precision == "bf16"):
            logits = torch.stack(model(torch.from_numpy(frames).to(device)))
            return torch.sigmoid(logits.float()).cpu().numpy()

    return network


class _Probabilities(nn.Module):
    """The network with both answers in one tensor, [2, batch, time]."""

    def __init__(self, model: TransNetV2) -> None:
        super().__init__()
        self.model = model

    def forward(self, frames: Tensor) -> Tensor:
        return torch.sigmoid(torch.stack(self.model(frames)))


class TransNetV2(nn.Module):
    """uint8 [batch, time, 27, 48, 3] RGB -> logits of `Scores.single` and of `Scores.many_hot`, [batch, time] each."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(_Stage(*channels) for channels in ((3, 64), (64, 128), (128, 256)))
        self.projection = nn.Linear(64 + 128 + 256, 128)
        self.looks = nn.Linear(2 * REACH + 1, 128)
        self.colours = nn.Linear(2 * REACH + 1, 128)
        self.hidden = nn.Linear(128 + 128 + 3 * 6 * 256, 1024)
        self.single = nn.Linear(1024, 1)
        self.many_hot = nn.Linear(1024, 1)

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of every frame."""
        x, means = frames.float() / 255, []
        for stage in self.stages:
            x = stage(x)
            means.append(x.mean(dim=(2, 3)))
        looks = F.relu(self.looks(_similarities(self.projection(torch.cat(means, dim=2)))))
        colours = F.relu(self.colours(_similarities(_histograms(frames))))
        x = F.relu(self.hidden(torch.cat([colours, looks, x.flatten(2)], dim=2)))
        return self.single(x).squeeze(2), self.many_hot(x).squeeze(2)


class _Stage(nn.Module):
    """Two cells, the second around a shortcut, then half the size: [batch, time, height, width, channels]."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.cells = nn.ModuleList([_Cell(inputs, outputs), _Cell(outputs, outputs)])

    def forward(self, x: Tensor) -> Tensor:
        first = F.relu(self.cells[0](x))
        return _in_space(lambda images: F.avg_pool2d(images, 2), F.relu(self.cells[1](first)) + first)


class _Cell(nn.Module):
    """Dilated (2+1)D convolutions side by side: 3 x 3 pixels in one frame, then 3 frames at one pixel."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        branch = outputs // len(DILATIONS)
        self.space = nn.Conv2d(inputs, 2 * outputs, 3, padding=1, bias=False)
        self.times = nn.ModuleList(
            nn.Conv2d(2 * branch, branch, (3, 1), padding=(gap, 0), dilation=(gap, 1), bias=False) for gap in DILATIONS
        )
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        branches = _in_space(self.space, x).chunk(len(DILATIONS), dim=4)
        x = torch.cat([_in_time(time, branch) for time, branch in zip(self.times, branches, strict=True)], dim=4)
        return _in_time(self.norm, x)


def _in_space(layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """A 2D layer over height and width of [batch, time, height, width, channels]."""
    y = layer(x.flatten(0, 1).movedim(3, 1)).movedim(1, 3)
    return y.reshape(*x.shape[:2], *y.shape[1:])


def _in_time(layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """A 2D layer over time and pixels of [batch, time, height, width, channels]."""
    y = layer(x.flatten(2, 3).movedim(3, 1)).movedim(1, 3)
    return y.reshape(*y.shape[:2], *x.shape[2:4], y.shape[3])


def _similarities(vectors: Tensor) -> Tensor:
    """Cosine of each frame with the `REACH` before it, itself and those after; 0 beyond the window.

    Args:
        vectors: [batch, time, dim].

    Returns:
        [batch, time, 2 * REACH + 1].
    """
    unit = F.normalize(vectors, dim=2)
    padded = F.pad(unit @ unit.transpose(1, 2), (REACH, REACH))
    time = torch.arange(vectors.shape[1], device=vectors.device)
    band = time[:, None] + torch.arange(2 * REACH + 1, device=vectors.device)
    return padded.gather(2, band.expand(vectors.shape[0], -1, -1))


def _histograms(frames: Tensor) -> Tensor:
    """Pixels of each frame per colour, 8 levels a channel: uint8 [batch, time, h, w, 3] -> [batch, time, 512]."""
    red, green, blue = (frames >> 5).long().flatten(2, 3).unbind(3)
    bins = (red * 8 + green) * 8 + blue
    return torch.zeros(bins.shape[0], bins.shape[1], 512, device=frames.device).scatter_add_(
        2, bins, torch.ones_like(bins).float()
    )


def _renamed(theirs: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published tensors under our names; spatial kernels of a cell joined, their dimensions of size 1 dropped."""
    layers = {
        "frame_sim_layer.projection": "projection",
        "frame_sim_layer.fc": "looks",
        "color_hist_layer.fc": "colours",
        "fc1": "hidden",
        "cls_layer1": "single",
        "cls_layer2": "many_hot",
    }
    ours = {f"{our}.{kind}": theirs[f"{their}.{kind}"] for their, our in layers.items() for kind in ("weight", "bias")}
    for stage, cell in ((stage, cell) for stage in range(3) for cell in range(2)):
        their, our = f"SDDCNN.{stage}.DDCNN.{cell}.", f"stages.{stage}.cells.{cell}."
        kernels = [[theirs[f"{their}Conv3D_{gap}.layers.{step}.weight"] for gap in DILATIONS] for step in range(2)]
        ours[f"{our}space.weight"] = torch.cat(kernels[0]).squeeze(2)
        ours |= {f"{our}times.{branch}.weight": kernel.squeeze(4) for branch, kernel in enumerate(kernels[1])}
        ours |= {
            name.replace(f"{their}bn", f"{our}norm"): theirs[name] for name in theirs if name.startswith(f"{their}bn")
        }
    return ours
