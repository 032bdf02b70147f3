"""What the embedders share that show single frames to a network: the mean of the frames' unit vectors."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vidcurate.embedder.base import Embed
from vidcurate.embedder.checkpoint import CheckpointEmbedder
from vidcurate.model.vision import Checkpoint, Tower
from vidcurate.records import Frames
from vidcurate.registry import settings


@settings
class TowerEmbedder(CheckpointEmbedder):
    """Mean over a few frames of an image tower's unit vectors.

    Attributes:
        batch_size: frames, of one clip or several, that go through the network together.
    """

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
            ConfigError: it holds another network, or one for pictures of another size.
        """
        self._checkpoint.check(self.size)

    def load(self, device: str) -> Embed:
        """The function that embeds; raises as `check` does."""
        self.check()
        features, dim = self._checkpoint.load(device, self.precision, self.batch_size), self.dim

        def embed(clips: Sequence[Frames]) -> NDArray[np.float32]:
            vectors = np.empty((len(clips), dim), np.float32)
            if clips:
                units = _unit(features(np.concatenate([clip.images for clip in clips])))
                ends = np.cumsum([len(clip.images) for clip in clips])
                for row, seen in enumerate(np.split(units, ends[:-1])):
                    vectors[row] = seen.mean(axis=0)
            return _unit(vectors)

        return embed

    @property
    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(tower=self.tower, model=self.model, local_files_only=self.local_files_only)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of unit length."""
    units: NDArray[np.float32] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return units
