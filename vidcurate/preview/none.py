"""No previews."""

from __future__ import annotations

from vidcurate.preview.base import Draw, Preview
from vidcurate.records import Sampling
from vidcurate.registry import register


@register
class NoPreview(Preview):
    """Draws nothing; no frame is taken for it."""

    @property
    def sampling(self) -> Sampling | None:
        """None: it never looks."""
        return None

    def load(self, device: str) -> Draw:
        """The function that draws nothing."""
        return lambda frames: {}
