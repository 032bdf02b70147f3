"""What the embedders share whose checkpoints bring code of their own."""

from __future__ import annotations

from typing import ClassVar, Literal

from vidcurate.embedder.video_tower import ClipEmbedder
from vidcurate.model.remote import Family, RemoteCheckpoint
from vidcurate.model.video_tower import VideoFeatures
from vidcurate.registry import Count, settings


@settings
class RemoteEmbedder(ClipEmbedder):
    """A video network that transformers does not know.

    Attributes:
        dimensions: length of the vectors that the checkpoint gives.
        trust_remote_code: whether the Python code that comes with the checkpoint may run on this machine.
    """

    volatile: ClassVar[frozenset[str]] = frozenset({"batch_size", "local_files_only", "trust_remote_code"})
    fit: ClassVar[Literal["stretch", "crop"]] = "stretch"
    family: ClassVar[Family]

    dimensions: Count
    trust_remote_code: bool = False

    @property
    def dim(self) -> int:
        """Length of the vectors."""
        return self.dimensions

    def check(self) -> None:
        """Whether transformers and the checkpoint are there and its code may run; runs none of it.

        Raises:
            MissingExtra: transformers is not installed.
            MissingWeights: the checkpoint is not there.
            ConfigError: its code may not run, or its vectors have another length.
        """
        self._checkpoint.check()

    def features(self, device: str) -> VideoFeatures:
        """The network on `device`."""
        return self._checkpoint.load(device, self.precision, self.batch_size)

    @property
    def _checkpoint(self) -> RemoteCheckpoint:
        return RemoteCheckpoint(
            family=self.family,
            model=self.model,
            trusted=self.trust_remote_code,
            dim=self.dimensions,
            local_files_only=self.local_files_only,
        )
