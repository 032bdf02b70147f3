"""SigLIP: as CLIP, trained pair by pair with a sigmoid; from a checkpoint of your choice.

Paper: Zhai et al. 2023, arXiv:2303.15343; SigLIP 2 (Tschannen et al. 2025, arXiv:2502.14786) of a fixed picture size
has the same network. Network: transformers' SiglipVisionModel; the vector is that of its attention pooling. Checkpoints
of the whole SigLIP serve too. Difference: the picture is scaled by the video's own decoder.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from vidcurate.embedder.tower import TowerEmbedder
from vidcurate.model.vision import SIGLIP, Tower
from vidcurate.registry import register


@register
class Siglip(TowerEmbedder):
    """SigLIP's image vectors; pictures are stretched to the square, as by its own preprocessing."""

    fit: ClassVar[Literal["stretch", "crop"]] = "stretch"

    @property
    def tower(self) -> Tower:
        """SigLIP."""
        return SIGLIP
