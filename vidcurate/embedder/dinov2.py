"""DINOv2: frames that look alike are alike, learnt from pictures without words; from a checkpoint of your choice.

Paper: Oquab et al. 2023, arXiv:2304.07193; with registers: Darcet et al. 2023, arXiv:2309.16588. Network: transformers'
Dinov2Model or Dinov2WithRegistersModel; the vector is the class token after the last norm. Differences: the picture is
scaled by the video's own decoder, to its centre square without the reference's margin (224 of 256 pixels).
"""

from __future__ import annotations

from vidcurate.embedder.tower import TowerEmbedder
from vidcurate.model.vision import DINOV2, Tower
from vidcurate.registry import register


@register
class Dinov2(TowerEmbedder):
    """DINOv2's class tokens; `size` may be any multiple of the checkpoint's patch."""

    @property
    def tower(self) -> Tower:
        """DINOv2."""
        return DINOV2
