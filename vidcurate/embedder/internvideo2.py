"""InternVideo2: clips that would be described alike are alike, motion included; by the checkpoint's own code.

Paper: Wang et al. 2024, arXiv:2403.15377. The checkpoint's code must load as an AutoModel with the reference's
`get_vid_feat`, which takes [clips, frames, 3, size, size], normalised as ImageNet's pictures are.
"""

from __future__ import annotations

from typing import ClassVar

from vidcurate.embedder.remote import RemoteEmbedder
from vidcurate.model.remote import Family
from vidcurate.registry import Count, register


@register
class InternVideo2(RemoteEmbedder):
    """InternVideo2's video vectors."""

    family: ClassVar[Family] = "internvideo2"

    dimensions: Count = 512

    @property
    def folder(self) -> str:
        """Folder of the dataset that holds the vectors, as other curators call it."""
        return "iv2_embd_parquet"
