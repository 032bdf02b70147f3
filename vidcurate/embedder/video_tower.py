"""What the embedders share that show whole clips to a network: a fixed number of frames, one vector."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vidcurate.embedder.base import Embed
from vidcurate.embedder.checkpoint import CheckpointEmbedder
from vidcurate.model.video_tower import VideoCheckpoint, VideoFeatures
from vidcurate.model.vision import Tower
from vidcurate.records import Frames
from vidcurate.registry import Count, settings


@settings
class ClipEmbedder(CheckpointEmbedder):
    """One vector of a few frames; a clip that has fewer shows some of them again.

    Attributes:
        frames: of each clip, evenly spread; as many as the checkpoint takes.
        batch_size: clips that go through the network together.
    """

    batch_size: Count = 4

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
