"""X-CLIP: clips that would be described alike are alike, motion included; from a checkpoint of your choice.

Paper: Ni et al. 2022, arXiv:2208.02816. Network: transformers' XCLIPModel; the vector is that of its video features, in
the space that it shares with text. Difference: the picture is scaled by the video's own decoder.
"""

from __future__ import annotations

from vidcurate.embedder.video_tower import VideoTowerEmbedder
from vidcurate.model.video_tower import XCLIP
from vidcurate.model.vision import Tower
from vidcurate.registry import register


@register
class XClip(VideoTowerEmbedder):
    """X-CLIP's video vectors."""

    @property
    def tower(self) -> Tower:
        """X-CLIP."""
        return XCLIP
