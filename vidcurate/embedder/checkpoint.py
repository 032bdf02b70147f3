"""What the embedders share whose network is a checkpoint of transformers: where it is, and what it is shown."""

from __future__ import annotations

from typing import ClassVar, Literal

from vidcurate.embedder.base import Embedder
from vidcurate.model.vision import Precision
from vidcurate.records import Sampling
from vidcurate.registry import Count, settings


@settings
class CheckpointEmbedder(Embedder):
    """A network from a folder or the hub.

    Attributes:
        model: folder of a checkpoint, or an id of the hub, `owner/name`.
        size: width and height in pixels of the pictures that the checkpoint takes.
        frames: of each clip, evenly spread.
        precision: how numbers are held inside the network.
        batch_size: what goes through the network together, frames or clips.
        local_files_only: of a hub id, use the copy in the local cache or none; a folder never asks the hub.
    """

    volatile: ClassVar[frozenset[str]] = frozenset({"batch_size", "local_files_only"})
    fit: ClassVar[Literal["stretch", "crop"]] = "crop"

    model: str
    size: Count = 224
    frames: Count = 8
    precision: Precision = "fp32"
    batch_size: Count = 8
    local_files_only: bool = False

    @property
    def sampling(self) -> Sampling:
        """Frames of `size` x `size` pixels, brought to that shape as the network's own preprocessing has it."""
        return Sampling(width=self.size, height=self.size, count=self.frames, fit=self.fit)
