"""Aesthetic: how much people would like the pictures of a clip, by CLIP and a small head trained on their votes.

Method: LAION-Aesthetics, Schuhmann et al. 2022, arXiv:2210.08402, section 3.1; the same that NeMo Curator uses. Weights
are yours to bring: CLIP ViT-L/14 as a folder or from the hub, the head as a file. LAION used everything above 4.5 of
10, NeMo Curator's example is 3.5. Difference: the picture is scaled by the video's own decoder, not by Pillow's bicubic
filter.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from vidcurate.filter.base import Filter, Score
from vidcurate.filter.bound import BoundAny, Limit
from vidcurate.model.vision import CLIP, Checkpoint, Precision
from vidcurate.records import Frames, Sampling
from vidcurate.registry import Count, Positive, register


@register
class Aesthetic(Filter):
    """Scores `aesthetic`, on LAION's heads about 1 to 10; a clip without frames scores 0.

    Attributes:
        model: folder of a CLIP checkpoint, or an id of the hub, `owner/name`.
        head: file of the head, `.pth` or `.safetensors`.
        size: width and height in pixels of the pictures that the checkpoint takes.
        fps: frames a second that are looked at.
        reduction: the clip has the score of its worst frame, `min`, or their `mean`.
        min: clips with less are dropped as `ugly`; None drops none.
        precision: how numbers are held inside CLIP.
        batch_size: frames that go through CLIP together.
        local_files_only: of a hub id, use the copy in the local cache or none; a folder never asks the hub.
    """

    volatile: ClassVar[frozenset[str]] = frozenset({"min", "batch_size", "local_files_only"})

    model: str
    head: str
    size: Count = 224
    fps: Positive = 1.0
    reduction: Literal["min", "mean"] = "min"
    min: BoundAny | None = None
    precision: Precision = "fp32"
    batch_size: Count = 8
    local_files_only: bool = False

    @property
    def sampling(self) -> Sampling:
        """The centre of frames, `size` x `size` pixels."""
        return Sampling(width=self.size, height=self.size, fps=self.fps, fit="crop")

    @property
    def limits(self) -> tuple[Limit, ...]:
        """`ugly`."""
        return (Limit("min", "aesthetic", "below", "ugly"),)

    def check(self) -> None:
        """Whether transformers, the checkpoint and the head are there and fit each other.

        Raises:
            MissingExtra: transformers is not installed.
            MissingWeights: the checkpoint or the head is not there, or the head is for other vectors.
            ConfigError: the checkpoint is of another network, or for pictures of another size.
        """
        from vidcurate.model.aesthetic_head import load_aesthetic_head

        self._checkpoint.check(self.size)
        load_aesthetic_head(self.head, self._checkpoint.dim)

    def load(self, device: str) -> Score:
        """The function that scores one clip; raises as `check` does."""
        from vidcurate.model.aesthetic_head import load_aesthetic_head

        self.check()
        features = self._checkpoint.load(device, self.precision, self.batch_size)
        head = load_aesthetic_head(self.head, self._checkpoint.dim)

        def score(frames: Frames) -> dict[str, float]:
            vectors = features(frames.images)
            votes = head(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))
            if not len(votes):
                return {"aesthetic": 0.0}
            return {"aesthetic": float(votes.min() if self.reduction == "min" else votes.mean())}

        return score

    @property
    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(tower=CLIP, model=self.model, local_files_only=self.local_files_only, key="filter.aesthetic")
