"""The convolutions of a stream by OpenVINO: one graph for chunks of one size; what it keeps goes out, and in again.

A chunk that a stream does not fill is filled with black. What cells make of black beyond the ends is replaced by zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vidcurate.model import openvino
from vidcurate.model.dilated import FEATURES, GAPS, HALO, LAG, WIDTHS, Cell, halved

Run = Callable[..., list[NDArray[np.float32]]]


def trunk(cells: Sequence[Cell], chunk: int, precision: Literal["fp32", "bf16"]) -> Callable[[], Convolutions]:
    """What begins the convolutions of a stream, on a CPU.

    Args:
        cells: of the network, first to last.
        chunk: frames that go through the graph together.
        precision: how numbers are held.

    Raises:
        MissingExtra: openvino is not installed.
    """
    pictures = np.zeros((chunk, 27, 48, 3), np.uint8)
    run = openvino.compiled(_Chunk(cells), [pictures, np.zeros(LAG + chunk, np.float32), *_nothing()], precision)
    return lambda: Convolutions(run, chunk)


class Convolutions:
    """Features of the frames of one stream, as `dilated.Convolutions` tells them.

    Args:
        run: `_Chunk`, compiled.
        chunk: frames that it takes.
    """

    def __init__(self, run: Run, chunk: int) -> None:
        self._run, self._chunk = run, chunk
        self._waiting = np.zeros((0, 27, 48, 3), np.uint8)
        self._real = np.zeros(LAG + chunk, np.float32)  # of the last frames, whether the stream has one
        self._held = _nothing()
        self._early = LAG  # answers to come that are to none
        self._due = 0  # frames that went in and are not answered

    def __call__(self, frames: Tensor, last: bool) -> tuple[Tensor, Tensor]:
        """Take the next frames."""
        self._waiting = np.concatenate([self._waiting, frames.numpy()])
        features, means = [torch.empty(0, FEATURES)], [torch.empty(0, sum(WIDTHS))]
        while len(self._waiting) >= self._chunk or (last and len(self._waiting) + self._due):
            for told, part in zip((features, means), self._next(), strict=True):
                told.append(torch.from_numpy(part))
        return torch.cat(features), torch.cat(means)

    def _next(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        fresh = self._waiting[: self._chunk]
        self._waiting = self._waiting[self._chunk :]
        pictures = np.zeros((self._chunk, 27, 48, 3), np.uint8)
        pictures[: len(fresh)] = fresh
        real = np.arange(self._chunk) < len(fresh)
        self._real = np.concatenate([self._real[self._chunk :], real.astype(np.float32)])
        features, means, *self._held = self._run(pictures, self._real, *self._held)
        self._due += len(fresh)
        early = min(self._early, self._chunk)
        told = min(self._due, self._chunk - early)
        self._early, self._due = self._early - early, self._due - told
        return features[early : early + told], means[early : early + told]


def _nothing() -> list[NDArray[np.float32]]:
    """What is kept, before anything has come; in the order in which the graph takes it."""
    kept = []
    for stage, (height, width, channels) in enumerate(((27, 48, WIDTHS[0]), (13, 24, WIDTHS[1]), (6, 12, WIDTHS[2]))):
        branches = [np.zeros((HALO + gap, height, width, channels // 2), np.float32) for gap in GAPS]
        shortcut = np.zeros((HALO, height // 2, width // 2, channels), np.float32)
        kept += [*branches, *branches, shortcut, np.zeros((2 * HALO * (2 - stage), channels), np.float32)]
    return kept


class _Chunk(nn.Module):
    """Frames, whether each is real (of `LAG` before, and of these), and what is kept -> features, means, what to keep.

    All answers lag by `LAG`.
    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        super().__init__()
        self._cells = cells

    def forward(self, frames: Tensor, real: Tensor, *held: Tensor) -> tuple[Tensor, ...]:
        """A chunk of frames."""
        n, kept, before = frames.shape[0], list[Tensor](), iter(held)

        def later(x: Tensor) -> Tensor:
            """What came as many frames ago as are held; the rest is kept."""
            x = torch.cat([next(before), x])
            kept.append(x[n:])
            return x[:n]

        def passed(number: int, x: Tensor) -> Tensor:
            if number:
                x = x * real[LAG - number * HALO :][:n, None, None, None]
            y = nn.functional.conv2d(x.permute(0, 3, 1, 2), self._cells[number].space, padding=1).permute(0, 2, 3, 1)
            branches = []
            for gap, part in zip(GAPS, y.chunk(len(GAPS), dim=3), strict=True):
                branch = torch.cat([next(before), part])
                kept.append(branch[n:])
                branches.append(branch[: n + 2 * gap])
            return self._cells[number].joined(branches)

        x, means = frames.float() / 255, []
        for stage in range(3):
            first = passed(2 * stage, x)
            second = passed(2 * stage + 1, first)
            x = halved(second) + later(halved(first))
            means.append(later(x.mean(dim=(1, 2))))
        return x.flatten(1), torch.cat(means, dim=1), *kept
