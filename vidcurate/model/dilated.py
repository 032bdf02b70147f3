"""TransNetV2's dilated (2+1)D convolutions over a stream: frames come in chunks, and each is convolved once.

A cell's answer for a frame depends on 8 before it and 8 after it, so it lags by as many; what it still needs of earlier
frames is kept. Beyond the ends of the stream lie zeros. Pictures lie in memory with their channels last, and each
branch of a cell apart, so that its convolution over time reads it without a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from vidcurate.model.winograd import Scratch, Winograd

GAPS = (1, 2, 4, 8)
"""Frames between the three taps of a cell's branches."""
WIDTHS = (64, 128, 256)
"""Channels of the three stages."""
FEATURES = 3 * 6 * WIDTHS[-1]
HALO = GAPS[-1]
LAG = 6 * HALO
"""Frames by which features lag behind pictures: what two cells in each of three stages look ahead."""


class Cell(NamedTuple):
    """Weights of convolutions side by side: 3 x 3 pixels of one frame, then 3 frames at one pixel.

    Attributes:
        space: float32 [branches * 2 * width, inputs, 3, 3].
        times: float32 [width, 2 * width, 3, 1] of each branch.
        biases: float32 [width] of each branch.
    """

    space: Tensor
    times: tuple[Tensor, ...]
    biases: tuple[Tensor, ...]

    def to(self, device: str, dtype: torch.dtype) -> Cell:
        """The same, elsewhere and of another precision; kernels lie in memory as pictures do."""
        return Cell(
            self.space.to(device, dtype),
            tuple(time.to(device, dtype, memory_format=torch.channels_last) for time in self.times),
            tuple(bias.to(device, dtype) for bias in self.biases),
        )

    def joined(self, branches: Sequence[Tensor]) -> Tensor:
        """Convolve over time.

        Args:
            branches: [2 * gap + n, height, width, channels] each.

        Returns:
            [n, height, width, channels].
        """
        return torch.cat(
            [
                F.conv2d(branch.flatten(1, 2).permute(2, 0, 1)[None], time, bias, dilation=(gap, 1))[0]
                .permute(1, 2, 0)
                .reshape(-1, *branch.shape[1:3], len(bias))
                for gap, branch, time, bias in zip(GAPS, branches, self.times, self.biases, strict=True)
            ],
            dim=3,
        ).relu_()


def trunk(cells: Sequence[Cell], device: str, dtype: torch.dtype) -> Callable[[], Convolutions]:
    """What begins the convolutions of a stream, by torch.

    Args:
        cells: of the network, first to last.
        device: `cpu` or `cuda`.
        dtype: how numbers are held; float32 on a CPU takes a quarter of the products.
    """
    there = [cell.to(device, dtype) for cell in cells]
    layers = [(cell, space(cell.space, fast=device == "cpu" and dtype == torch.float32)) for cell in there]
    return lambda: Convolutions(layers)


def halved(x: Tensor) -> Tensor:
    """[n, height, width, channels] -> half as high and wide."""
    return F.avg_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


class Convolutions:
    """Features of the frames of one stream.

    Args:
        layers: cells of the network, first to last, on its device, and how their spatial convolutions are computed.
    """

    def __init__(self, layers: Sequence[tuple[Cell, Space]]) -> None:
        scratch = Scratch()
        self._cells = [_Passing(cell, space, scratch) for cell, space in layers]
        self._shortcuts: list[Tensor | None] = [None] * 3
        self._means: list[Tensor | None] = [None] * 3

    def __call__(self, frames: Tensor, last: bool) -> tuple[Tensor, Tensor]:
        """Take the next frames.

        Args:
            frames: uint8 [n, 27, 48, 3] RGB.
            last: whether no more come.

        Returns:
            of the next m frames (all but `LAG` of those so far are told, in the end all of them): float32 [m, 4608],
            what the convolutions see, and float32 [m, 448], means of the three stages over the picture.
        """
        x = (frames.float() / 255).to(self._cells[0].dtype)
        for stage in range(3):
            first = self._cells[2 * stage](x, last)
            second = halved(self._cells[2 * stage + 1](first, last))
            shortcut = _after(self._shortcuts[stage], halved(first))
            x = second + shortcut[: len(second)]
            self._shortcuts[stage] = shortcut[len(second) :]
            self._means[stage] = _after(self._means[stage], x.mean(dim=(1, 2), dtype=torch.float32))
        means = [mean for mean in self._means if mean is not None]
        self._means = [mean[len(x) :] for mean in means]
        return x.flatten(1).float(), torch.cat([mean[: len(x)] for mean in means], dim=1)


Space = Callable[[Tensor, Sequence[Tensor], Scratch], None]
"""Convolves each picture: [n, height, width, inputs], written to [n, height, width, outputs / len(out)] each."""


def space(weight: Tensor, fast: bool) -> Space:
    """The spatial convolutions of a cell.

    Args:
        weight: [outputs, inputs, 3, 3].
        fast: by Winograd's algorithm, where it pays.
    """
    if fast and weight.shape[1] > 3:
        return Winograd(weight)
    weight = weight.contiguous(memory_format=torch.channels_last)

    def direct(x: Tensor, out: Sequence[Tensor], scratch: Scratch) -> None:
        y = F.conv2d(x.permute(0, 3, 1, 2), weight, padding=1).permute(0, 2, 3, 1)
        for target, part in zip(out, y.chunk(len(out), dim=3), strict=True):
            target.copy_(part)

    return direct


class _Passing:
    """A stream on its way through one cell."""

    def __init__(self, cell: Cell, space: Space, scratch: Scratch) -> None:
        self._cell, self._space, self._scratch = cell, space, scratch
        self._held: list[Tensor] = []  # what branches still need, from `gap` frames before the next answer on
        self._ahead = 0  # frames that came and are not answered
        self.dtype = cell.space.dtype

    def __call__(self, x: Tensor, last: bool) -> Tensor:
        """[n, height, width, channels] -> answers for the next frames."""
        n, height, width, _ = x.shape
        channels = self._cell.space.shape[0] // len(GAPS)
        if not self._held:
            self._held = [x.new_zeros(gap, height, width, channels) for gap in GAPS]
        branches, fresh = [], []
        for gap, held in zip(GAPS, self._held, strict=True):
            branch = x.new_empty(len(held) + n + (gap if last else 0), height, width, channels)
            branch[: len(held)] = held
            branch[len(held) + n :] = 0
            branches.append(branch)
            fresh.append(branch[len(held) : len(held) + n])
        if n:
            self._space(x, fresh, self._scratch)
        self._ahead += n
        told = self._ahead if last else max(0, self._ahead - HALO)
        self._ahead -= told
        self._held = [branch[told:] for branch in branches]
        if not told:
            return x.new_empty(0, height, width, channels // 2 * len(GAPS))
        return self._cell.joined([branch[: told + 2 * gap] for gap, branch in zip(GAPS, branches, strict=True)])


def _after(held: Tensor | None, fresh: Tensor) -> Tensor:
    return fresh if held is None else torch.cat([held, fresh])
