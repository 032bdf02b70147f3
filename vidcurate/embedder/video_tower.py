"""What the embedders share that show whole clips to a network: a fixed number of frames, one vector."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from vidcurate.embedder.base import Embed, Embedder
from vidcurate.model.video_tower import VideoCheckpoint, VideoFeatures
from vidcurate.model.vision import Precision, Tower
from vidcurate.records import Frames, Sampling
from vidcurate.registry import Count, settings


@settings
class ClipEmbedder(Embedder):
    """One vector of a few frames; a clip that has fewer shows some of them again.

    Attributes:
        model: folder of a checkpoint, or an id of the hub, `owner/name`.
        size: width and height in pixels of the pictures that the checkpoint takes.
        frames: of each clip, evenly spread; as many as the checkpoint takes.
        precision: how numbers are held inside the network.
        batch_size: clips that go through the network together.
        local_files_only: of a hub id, use the copy in the local cache or none; a folder never asks the hub.
    """

    volatile: ClassVar[frozenset[str]] = frozenset({"batch_size", "local_files_only"})
    fit: ClassVar[Literal["stretch", "crop"]] = "crop"

    model: str
    size: Count = 224
    frames: Count = 8
    precision: Precision = "fp32"
    batch_size: Count = 4
    local_files_only: bool = False

    @property
    def sampling(self) -> Sampling:
        """Frames of `size` x `size` pixels, brought to that shape as the network's own preprocessing has it."""
        return Sampling(width=self.size, height=self.size, count=self.frames, fit=self.fit)

    @abstractmethod
    def features(self, device: str) -> VideoFeatures:
        """The network on `device`."""

    def load(self, device: str) -> Embed:
        """The function that embeds; raises as `check` does."""
        self.check()
        features = self.features(device)

        def embed(clips: Sequence[Frames]) -> NDArray[np.float32]:
            vectors = features([filled(clip.images, self.frames) for clip in clips])
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
            return vectors

        return embed


@settings
class VideoTowerEmbedder(ClipEmbedder):
    """A video tower that transformers knows."""

    @property
    @abstractmethod
    def tower(self) -> Tower:
        """The family of networks that `model` must belong to."""

    @property
    def dim(self) -> int:
        """Length of the vectors, as the checkpoint's config says."""
        return self._checkpoint.dim

    def check(self) -> None:
        """Whether transformers and the checkpoint are there, and the checkpoint fits the settings.

        Raises:
            MissingExtra: transformers is not installed.
            MissingWeights: the checkpoint is not there.
            ConfigError: it holds another network, or one for another size or number of frames.
        """
        self._checkpoint.check_frames(self.size, self.frames)

    def features(self, device: str) -> VideoFeatures:
        """The network on `device`."""
        return self._checkpoint.load_video(device, self.precision, self.batch_size)

    @property
    def _checkpoint(self) -> VideoCheckpoint:
        return VideoCheckpoint(tower=self.tower, model=self.model, local_files_only=self.local_files_only)


def filled(images: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """`count` frames of fewer: every one of them, some again, in the order of time."""
    return images[np.arange(count) * len(images) // count]
