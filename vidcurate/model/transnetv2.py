"""TransNetV2: for every frame of a video, how likely a shot ends there.

Paper: Souček and Lokoč 2020, arXiv:2008.04838; reference code: soCzech/TransNetV2. Differences: the reference sees
windows of 100 frames and keeps the middle 50, so it convolves every frame twice; here a video is one stream, each frame
is convolved once, and sees as far as the convolutions do. A cell's four spatial convolutions, which read the same
input, are computed as one, and batch norm is part of those over time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice, repeat
from typing import Literal, NamedTuple, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from vidcurate.model import dilated, dilated_openvino
from vidcurate.model.backend import Backend, Precision, chosen
from vidcurate.model.device import inference
from vidcurate.model.dilated import FEATURES, GAPS, WIDTHS, Cell
from vidcurate.model.weights import TRANSNETV2

MARGIN = 25
"""Times that the first frame of a video is repeated before it; the last, after it, as often at least. As published."""
REACH = 50
"""A frame is compared with so many before it and after it."""
CHUNK = 25
"""Frames that go through the network together. A frame waits for its score until up to 122 more have come."""

Image = NDArray[np.uint8]
Trunk = Callable[[Tensor, bool], tuple[Tensor, Tensor]]
"""Convolutions of one stream, called as `dilated.Convolutions` is."""


class Scores(NamedTuple):
    """Probabilities of n frames of a video.

    Attributes:
        single: float32 [n] in [0, 1], that the frame is the middle of a transition; of a hard cut: the last one before.
        many_hot: float32 [n] in [0, 1], that the frame is any part of a transition.
    """

    single: NDArray[np.float32]
    many_hot: NDArray[np.float32]


class Judge(Protocol):
    """Scores the frames of one video, as they come."""

    def push(self, frames: Image) -> Scores:
        """Take the next frames; return scores of those that are certain now."""

    def end(self) -> Scores:
        """Scores of the frames that wait."""


class Network(Protocol):
    """What scores frames."""

    def stream(self) -> Judge:
        """Begin a video."""


class Pretrained(NamedTuple):
    """The weights, ready to infer; every video is a stream of its own.

    Attributes:
        head: from features to probabilities.
        trunk: begins the convolutions of a stream.
        device: where both are.
    """

    head: Head
    trunk: Callable[[], Trunk]
    device: str

    def stream(self) -> Stream:
        """Begin a video."""
        return Stream(self)


def pretrained(
    device: str,
    backend: Backend | Literal["auto"] = "auto",
    precision: Precision | Literal["auto"] = "auto",
) -> Pretrained:
    """The network with its published weights.

    Args:
        device: `cpu` or `cuda`.
        backend: what computes it; `auto` is left to `backend.chosen`.
        precision: how numbers are held; likewise.

    Raises:
        MissingWeights: they are not on this machine.
        MissingExtra: `openvino` is asked for and not installed.
    """
    weights = TRANSNETV2.load()
    head = Head()
    head.load_state_dict(_head(weights))
    backend, precision = chosen(device, backend, precision)
    cells = [_cell(weights, stage, cell) for stage in range(3) for cell in range(2)]
    if backend == "openvino":
        return Pretrained(head, dilated_openvino.trunk(cells, CHUNK, precision), "cpu")
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    return Pretrained(head.to(device), dilated.trunk(cells, device, dtype), device)


def score(network: Network, frames: Iterable[Image], chunk: int = CHUNK) -> Iterator[Scores]:
    """Score every frame of a video, each as soon as those that it depends on have passed.

    Args:
        network: as `pretrained` returns it, or what stands in for it.
        frames: uint8 [27, 48, 3] RGB, in order; a chunk of them is in memory at once.
        chunk: frames that go through the network together.

    Yields:
        scores of the next frames.
    """
    stream, images = network.stream(), _held_at_the_ends(frames)
    index, count = -MARGIN, 0
    while pictures := list(islice(images, chunk)):
        count += sum(own for _, own in pictures)
        scores = stream.push(np.stack([image for image, _ in pictures]))
        yield from _within(scores, index, count)
        index += len(scores.single)
    yield from _within(stream.end(), index, count)


def _held_at_the_ends(frames: Iterable[Image]) -> Iterator[tuple[Image, bool]]:
    """Images and whether they are the video's own: the last is repeated until the published windows would be full."""
    image, count = None, 0
    for image in frames:
        if not count:
            yield from repeat((image, False), MARGIN)
        yield image, True
        count += 1
    if image is not None:
        yield from repeat((image, False), MARGIN + -count % (2 * MARGIN))


def _within(scores: Scores, index: int, count: int) -> Iterator[Scores]:
    """Those, from the frame at an index on, that are of a video of so many frames."""
    own = Scores(*(part[max(0, -index) : max(0, count - index)] for part in scores))
    if len(own.single):
        yield own


class Stream:
    """One video on its way through the network; zeros lie beyond its ends."""

    def __init__(self, network: Pretrained) -> None:
        self._head, self._trunk, self._device = network.head, network.trunk(), network.device
        self._features = torch.empty(0, FEATURES, device=self._device)
        self._looks = torch.zeros(REACH, 128, device=self._device)
        self._colours = torch.zeros(REACH, 512, device=self._device)

    def push(self, frames: Image) -> Scores:
        """Take the next frames.

        Args:
            frames: uint8 [n, 27, 48, 3] RGB.

        Returns:
            scores of the frames that are certain now; `dilated.LAG` + `REACH` wait for others to come.
        """
        return self._next(frames, last=False)

    def end(self) -> Scores:
        """Scores of the frames that wait."""
        return self._next(np.empty((0, 27, 48, 3), np.uint8), last=True)

    def _next(self, frames: Image, last: bool) -> Scores:
        with inference():
            images = torch.from_numpy(frames).to(self._device)
            features, means = self._trunk(images, last)
            self._features = torch.cat([self._features, features])
            self._looks = torch.cat([self._looks, self._head.look(means)])
            self._colours = torch.cat([self._colours, _histograms(images)])
            told = max(0, len(self._features) - (0 if last else REACH))
            scores = self._head(
                self._features[:told], _similarities(self._looks, told), _similarities(self._colours, told)
            )
            self._features, self._looks, self._colours = (
                held[told:] for held in (self._features, self._looks, self._colours)
            )
            return Scores(*scores.cpu().numpy())


class Head(nn.Module):
    """What follows the convolutions: frames are compared with each other, and judged."""

    def __init__(self) -> None:
        super().__init__()
        self.projection = nn.Linear(sum(WIDTHS), 128)
        self.looks = nn.Linear(2 * REACH + 1, 128)
        self.colours = nn.Linear(2 * REACH + 1, 128)
        self.hidden = nn.Linear(128 + 128 + FEATURES, 1024)
        self.single = nn.Linear(1024, 1)
        self.many_hot = nn.Linear(1024, 1)

    def look(self, means: Tensor) -> Tensor:
        """[n, 448] -> unit vectors [n, 128], to compare."""
        return F.normalize(self.projection(means), dim=1)

    def forward(self, features: Tensor, looks: Tensor, colours: Tensor) -> Tensor:
        """Features [n, 4608] and similarities [n, 2 * REACH + 1], of looks and of colours -> probabilities [2, n]."""
        near = [F.relu(self.colours(colours)), F.relu(self.looks(looks))]
        x = F.relu(self.hidden(torch.cat([*near, features], dim=1)))
        return torch.sigmoid(torch.cat([self.single(x), self.many_hot(x)], dim=1)).T


def _similarities(vectors: Tensor, n: int) -> Tensor:
    """Cosine of each frame with the `REACH` before it, itself and those after; 0 with those that there are not.

    Args:
        vectors: [m, dim], of unit length or 0: of `REACH` frames before the first, then on.
        n: frames to compare.

    Returns:
        [n, 2 * REACH + 1].
    """
    lacking = n + 2 * REACH - len(vectors)
    vectors = F.pad(vectors, (0, 0, 0, lacking))
    time = torch.arange(n, device=vectors.device)
    band = time[:, None] + torch.arange(2 * REACH + 1, device=vectors.device)
    return (vectors[REACH : REACH + n] @ vectors[: n + 2 * REACH].T).gather(1, band)


def _histograms(frames: Tensor) -> Tensor:
    """Pixels of each frame per colour, 8 levels a channel, of unit length: uint8 [n, h, w, 3] -> [n, 512]."""
    red, green, blue = (frames >> 5).long().flatten(1, 2).unbind(2)
    bins = (red * 8 + green) * 8 + blue
    counts = torch.zeros(len(bins), 512, device=frames.device)
    return F.normalize(counts.scatter_add_(1, bins, torch.ones_like(bins).float()), dim=1)


def _head(theirs: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published tensors of what follows the convolutions, under our names."""
    layers = {
        "frame_sim_layer.projection": "projection",
        "frame_sim_layer.fc": "looks",
        "color_hist_layer.fc": "colours",
        "fc1": "hidden",
        "cls_layer1": "single",
        "cls_layer2": "many_hot",
    }
    return {f"{our}.{kind}": theirs[f"{their}.{kind}"] for their, our in layers.items() for kind in ("weight", "bias")}


def _cell(theirs: dict[str, Tensor], stage: int, cell: int) -> Cell:
    """A cell of the published tensors: spatial kernels joined, batch norm in those over time."""
    name = f"SDDCNN.{stage}.DDCNN.{cell}."
    spaces, times = ([theirs[f"{name}Conv3D_{gap}.layers.{step}.weight"] for gap in GAPS] for step in range(2))
    weight, bias, mean, variance = (
        theirs[f"{name}bn.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
    )
    scale = weight / torch.sqrt(variance + 1e-3)
    return Cell(
        torch.cat(spaces).squeeze(2),
        tuple(
            time.squeeze(4) * part[:, None, None, None]
            for time, part in zip(times, scale.chunk(len(GAPS)), strict=True)
        ),
        (bias - mean * scale).chunk(len(GAPS)),
    )
