"""VideoMAE: clips that move alike are alike, learnt from video without words; from a checkpoint of your choice.

Paper: Tong et al. 2022, arXiv:2203.12602. Network: transformers' VideoMAEModel, whose checkpoints may also be those of
its classifiers; the vector is the mean of the last layer's tokens, from which those classify. Difference: the picture
is scaled by the video's own decoder.
"""

from __future__ import annotations

from vidcurate.embedder.video_tower import VideoTowerEmbedder
from vidcurate.model.video_tower import VIDEOMAE
from vidcurate.model.vision import Tower
from vidcurate.registry import Count, register


@register
class VideoMae(VideoTowerEmbedder):
    """The mean of VideoMAE's tokens."""

    frames: Count = 16

    @property
    def tower(self) -> Tower:
        """VideoMAE."""
        return VIDEOMAE
