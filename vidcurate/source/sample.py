"""Sample: the clips that ship with vidcurate, so that a first run needs nothing else.

Where they come from, under which licences, is in `clips/ATTRIBUTION.md`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vidcurate.registry import register
from vidcurate.source.base import Input, Source
from vidcurate.source.folder import Folder

CLIPS = Path(__file__).parent / "clips"


@register
class Sample(Source):
    """Short clips in containers and codecs of all sorts, with cuts, near duplicates and a frozen picture among them."""

    def inputs(self) -> Iterator[Input]:
        """Every clip, sorted by name."""
        return Folder(path=str(CLIPS)).inputs()
