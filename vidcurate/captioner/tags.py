"""Tags: names of ImageNet's classes that EfficientNet-Lite0 is sure of. A thousand words, mostly animals and things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from vidcurate.captioner.base import Caption, Captioner
from vidcurate.records import Answer, Frames, Sampling
from vidcurate.registry import Count, Fraction01, register


@register
class Tags(Captioner):
    """Names the classes whose probability, averaged over a few frames, is high.

    Attributes:
        min_confidence: probability that a class must have to be named.
        max_tags: at most so many are named, the most probable first.
        frames: of each clip, evenly spread.
        batch_size: frames that go through the network together.
    """

    volatile: ClassVar[frozenset[str]] = frozenset({"batch_size"})
    version: ClassVar[int] = 2

    min_confidence: Fraction01 = 0.3
    max_tags: Count = 3
    frames: Count = 8
    batch_size: Count = 8

    @property
    def sampling(self) -> Sampling | None:
        """Frames of 224 x 224 pixels, the centre of the picture: those that the default embedder sees."""
        return Sampling(width=224, height=224, count=self.frames, fit="crop")

    def check(self) -> None:
        """Whether the weights are there."""
        from vidcurate.model.weights import EFFICIENTNET_LITE0

        EFFICIENTNET_LITE0.path()

    def load(self, device: str) -> Caption:
        """The function that names."""
        from vidcurate.model import efficientnet_lite
        from vidcurate.model.imagenet import labels

        model = efficientnet_lite.pretrained(device)

        def caption(windows: Sequence[Frames]) -> list[Answer]:
            tags = []
            for window in windows:
                features = efficientnet_lite.features(model, window.images, self.batch_size)
                confidence = efficientnet_lite.probabilities(model, features).mean(axis=0)
                named = np.argsort(-confidence, kind="stable")[: self.max_tags]
                words = (labels()[index] for index in named if confidence[index] >= self.min_confidence)
                tags.append(Answer(text=", ".join(words)))
            return tags

        return caption
