"""CLIP: frames that would be described alike are alike, from a checkpoint of your choice.

Paper: Radford et al. 2021, arXiv:2103.00020. Network: transformers' CLIPVisionModelWithProjection; checkpoints of the
whole CLIP serve too, their text tower stays unread. Difference: the picture is scaled by the video's own decoder, not
by Pillow's bicubic filter.
"""

from __future__ import annotations

from vidcurate.embedder.tower import TowerEmbedder
from vidcurate.model.vision import CLIP, Tower
from vidcurate.registry import register


@register
class Clip(TowerEmbedder):
    """CLIP's image vectors, projected into the space it shares with text."""

    @property
    def tower(self) -> Tower:
        """CLIP."""
        return CLIP
