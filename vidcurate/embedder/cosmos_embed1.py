"""Cosmos-Embed1: clips of the physical world that would be described alike are alike; by the checkpoint's own code.

Model: NVIDIA 2025, nvidia/Cosmos-Embed1-224p, -336p and -448p on the hub. Pixels are prepared by the checkpoint's own
processor, the vector is `get_video_embeddings(...).visual_proj`, as its card has it. Its code needs einops and a
torchvision that matches torch.
"""

from __future__ import annotations

from typing import ClassVar

from vidcurate.embedder.remote import RemoteEmbedder
from vidcurate.model.remote import Family
from vidcurate.registry import Count, register


@register
class CosmosEmbed1(RemoteEmbedder):
    """Cosmos-Embed1's video vectors."""

    family: ClassVar[Family] = "cosmos_embed1"

    dimensions: Count = 256

    @property
    def folder(self) -> str:
        """Folder of the dataset that holds the vectors, as other curators call it."""
        return "ce1_embd_parquet"
