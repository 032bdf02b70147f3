"""Quality: what compression, a soft lens and a noisy sensor have done to the picture, without knowing how it was.

Three measures of single frames at their own size, each from the literature on quality without a reference. `blur`:
how little a picture loses when it is blurred again, Crete et al. 2007, "The blur effect: perception and estimation with
a new no-reference perceptual blur metric"; steps below three deviations of the noise are no edges here, so that noise
does not pass for sharpness. `noise`: median of the finest diagonal wavelet coefficients over .6745, in levels of 255,
Donoho and Johnstone 1994, Biometrika 81; fine texture counts too. `blockiness`: how much larger steps are at every
eighth pixel than elsewhere, after Wang, Sheikh and Bovik 2002, ICIP, "No-reference perceptual quality assessment of
JPEG compressed images".

`quality` is (1 - blur) / (1 + blockiness) / (1 + max(0, noise - 1.5) / 2), with weights set by hand on ten clips. There
it falls from step to step as x264's crf rises (18, 28, 38, 48), as a Gaussian blur does (0 to 4 pixels) and as noise
does (0 to 24 levels), in 29 of the 30 series. Of 70 clips a heavy blur scores .26, a small GIF of 64 colours .15, combs
of interlacing .28, most cameras .5 to .7. It compares treatments of one picture better than two pictures: fog and bokeh
are soft, too.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.filter.base import Filter, Score
from vidcurate.filter.bound import Bound01, BoundAbove0, Limit
from vidcurate.filter.luma import luma
from vidcurate.records import Frames, Sampling
from vidcurate.registry import Count, register

REBLUR = 9
"""Pixels over which the picture is blurred again, along one axis at a time."""

BLOCK = 8
"""Pixels from one border of blocks to the next; those of 16 are among them."""

EDGE = 3.0
"""Deviations of the noise below which a step from pixel to pixel is no edge."""

GRAIN, HALVES = 1.5, 2.0
"""Noise that costs no quality, and how much more halves it."""

Picture = NDArray[np.float32]


@register
class Quality(Filter):
    """Scores `quality`, `blur` and `blockiness`, 0 to 1, and `noise`, 0 or more: medians over a few frames.

    Attributes:
        frames: of each clip, evenly spread.
        min: clips with less quality are dropped as `low_quality`; None drops none.
        max_blur: clips with more are dropped as `soft`.
        max_blockiness: clips with more are dropped as `blocky`.
        max_noise: clips with more are dropped as `noisy`; in levels of 255.
    """

    volatile: ClassVar[frozenset[str]] = frozenset({"min", "max_blur", "max_blockiness", "max_noise"})

    frames: Count = 4
    min: Bound01 | None = None
    max_blur: Bound01 | None = None
    max_blockiness: Bound01 | None = None
    max_noise: BoundAbove0 | None = None

    @property
    def sampling(self) -> Sampling:
        """Whole frames at their own size, up to 1920 pixels on the longer side."""
        return Sampling(width=1920, height=1920, count=self.frames, fit="inside")

    @property
    def limits(self) -> tuple[Limit, ...]:
        """`low_quality`, `soft`, `blocky` or `noisy`."""
        return (
            Limit("min", "quality", "below", "low_quality"),
            Limit("max_blur", "blur", "above", "soft"),
            Limit("max_blockiness", "blockiness", "above", "blocky"),
            Limit("max_noise", "noise", "above", "noisy"),
        )

    def load(self, device: str) -> Score:
        """The function that scores one clip; there is no model, `device` is ignored."""
        return _score


def _score(frames: Frames) -> dict[str, float]:
    names = ("quality", "blur", "blockiness", "noise")
    rows = [_measures(luma(image[None])[0]) for image in frames.images]
    return dict(zip(names, np.median(rows, axis=0).tolist() if rows else [0.0] * 4, strict=True))


def _measures(picture: Picture) -> tuple[float, float, float, float]:
    grain = noise(picture)
    soft, blocks = blur(picture, EDGE * grain), blockiness(picture)
    return (1 - soft) / (1 + blocks) / (1 + max(0.0, grain - GRAIN) / HALVES), soft, blocks, grain


def blur(picture: Picture, least: float = 0.0) -> float:
    """Share of the steps between neighbouring pixels that survives another blur, along the axis where more does.

    Args:
        picture: float32 [height, width], luma.
        least: smaller steps are left out.

    Returns:
        0 to 1; 1 for a picture without steps.
    """
    return max(_blur_of_rows(picture, least), _blur_of_rows(np.ascontiguousarray(picture.T), least))


def _blur_of_rows(picture: Picture, least: float) -> float:
    if picture.shape[1] < REBLUR + 2:
        return 1.0
    sums = np.cumsum(np.pad(picture, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    again = (sums[:, REBLUR:] - sums[:, :-REBLUR]) / REBLUR
    inner = picture[:, REBLUR // 2 : REBLUR // 2 + again.shape[1]]
    steps, left = np.abs(np.diff(inner, axis=1)), np.abs(np.diff(again, axis=1))
    edges = steps > max(least, 1e-3)
    total = float(steps[edges].sum(dtype=np.float64))
    return float(np.minimum(left, steps)[edges].sum()) / total if total else 1.0


def noise(picture: Picture) -> float:
    """Standard deviation of white noise in levels of 255, robust against edges; 0 for pictures smaller than 2 x 2."""
    height, width = (side // 2 * 2 for side in picture.shape)
    quads = picture[:height, :width]
    diagonal = (quads[::2, ::2] - quads[1::2, ::2] - quads[::2, 1::2] + quads[1::2, 1::2]) / 2
    return float(np.median(np.abs(diagonal))) / 0.6745 if diagonal.size else 0.0


def blockiness(picture: Picture) -> float:
    """By how much steps at the borders of blocks exceed the others, over those; along the axis where it is more.

    Returns:
        0 where they are no larger, 1 where they are twice as large or more.
    """
    return min(1.0, max(0.0, _blocks_of_rows(picture), _blocks_of_rows(picture.T)))


def _blocks_of_rows(picture: Picture) -> float:
    steps = np.abs(np.diff(picture, axis=1)).mean(axis=0, dtype=np.float64)
    if steps.size < 2 * BLOCK:
        return 0.0
    at = np.arange(steps.size) % BLOCK == BLOCK - 1
    within = steps[~at].mean()
    return float((steps[at].mean() - within) / (within + 0.5))  # half a level, so that flat pictures have no blocks
