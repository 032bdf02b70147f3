"""Text: how much of the picture is text, and for how long some stands at its edge, as titles and marks do.

What is laid over a video stays where it is while the scene moves on, and is put where it hides least: near an edge.
`overlay` is the share of the sampled frames with a line of text near an edge that is at the same place in the frame
before or after. Signs before a fixed camera stay in their place too: a crossing with shop signs scores 1, as subtitles
and a channel's mark do. Both scores are 0 for 58 of 70 clips; slides have text on .13 of the picture, an editor .05,
subtitles in a bar .11. See `model.text_detector` for the network and for how it is kept from seeing text in all things.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import numpy as np

from vidcurate.errors import MissingExtra
from vidcurate.filter.base import Filter, Score
from vidcurate.filter.bound import Bound01, Limit
from vidcurate.model.text_detector import Boxes, load_text_detector
from vidcurate.model.weights import PP_OCR_DETECTOR
from vidcurate.records import Frames, Sampling
from vidcurate.registry import Fraction01, Positive, register


@register
class Text(Filter):
    """Scores `area`, mean share of the picture that is text, and `overlay`, share of the frames with some at an edge.

    Attributes:
        fps: frames a second that are looked at.
        margin: share of the picture's width and height within which of its edges the middle of a line must lie.
        stability: intersection over union from which lines in two neighbouring frames are at the same place.
        max_area: clips with more text are dropped as `text`; None drops none.
        max_overlay: clips with more are dropped as `text_overlay`; None drops none.
    """

    volatile: ClassVar[frozenset[str]] = frozenset({"max_area", "max_overlay"})

    fps: Positive = 1.0
    margin: Fraction01 = 0.2
    stability: Fraction01 = 0.8
    max_area: Bound01 | None = None
    max_overlay: Bound01 | None = None

    @property
    def sampling(self) -> Sampling:
        """Frames of 640 x 384 pixels, in which lines of a fiftieth of the height are seen."""
        return Sampling(width=640, height=384, fps=self.fps)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """`text` or `text_overlay`."""
        return Limit("max_area", "area", "above", "text"), Limit("max_overlay", "overlay", "above", "text_overlay")

    def check(self) -> None:
        """Raise MissingExtra or MissingWeights where ONNX Runtime or the network is not installed."""
        if importlib.util.find_spec("onnxruntime") is None:
            raise MissingExtra("text", package="onnxruntime", extra="text")
        if importlib.util.find_spec("rapidocr") is None:
            raise MissingExtra("text", package="rapidocr", extra="text")
        PP_OCR_DETECTOR.path()

    def load(self, device: str) -> Score:
        """The function that scores one clip, on one core of the CPU; `device` is ignored. Raises as `check` does."""
        self.check()
        detect = load_text_detector()

        def score(frames: Frames) -> dict[str, float]:
            return self._score([detect(image) for image in frames.images])

        return score

    def _score(self, seen: Sequence[Boxes]) -> dict[str, float]:
        if not seen:
            return {"area": 0.0, "overlay": 0.0}
        edges = [boxes[_edge_distance(boxes) < self.margin] for boxes in seen]
        # Whether some line at the edge of each frame is in the next one too.
        stays = [bool((overlap(one, two) >= self.stability).any()) for one, two in pairwise(edges)]
        shown = [before or after for before, after in zip([False, *stays], [*stays, False], strict=True)]
        return {"area": float(np.mean([_areas(boxes).sum() for boxes in seen])), "overlay": float(np.mean(shown))}


def overlap(one: Boxes, two: Boxes) -> Boxes:
    """Intersection over union of every box with every other.

    Args:
        one: float32 [n, 4].
        two: float32 [m, 4].

    Returns:
        float32 [n, m], 0 to 1.
    """
    a, b = one[:, None], two[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    common = sides.clip(0).prod(axis=-1)
    return np.asarray(common / (_areas(one)[:, None] + _areas(two)[None] - common), np.float32)


def _areas(boxes: Boxes) -> Boxes:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), np.float32)


def _edge_distance(boxes: Boxes) -> Boxes:
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.asarray(np.minimum(middles, 1 - middles).min(axis=1), np.float32)
