"""No captions."""

from __future__ import annotations

from vidcurate.captioner.base import Caption, Captioner
from vidcurate.records import Answer, Sampling
from vidcurate.registry import register


@register
class NoCaptions(Captioner):
    """Says nothing; no frame is taken for it."""

    @property
    def sampling(self) -> Sampling | None:
        """None: it never looks."""
        return None

    def load(self, device: str) -> Caption:
        """The function that says nothing."""
        return lambda windows: [Answer()] * len(windows)
