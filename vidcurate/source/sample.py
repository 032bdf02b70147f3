"""Sample: the clips that ship with vidcurate, so that a first run needs nothing else.

Where they come from, under which licences, is in `clips/ATTRIBUTION.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
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
        licenses = _licenses()
        clips = Folder(path=str(CLIPS)).inputs()
        return (replace(clip, license=licenses[clip.uri]) for clip in clips)


def _licenses() -> dict[str, str]:
    """Licence of each file, as the table of ATTRIBUTION.md says: its first column and the one before its last."""
    rows = re.findall(
        r"^\| `(.+?)` \|.*\| (.+?) \| .+? \|$", (CLIPS / "ATTRIBUTION.md").read_text("utf-8"), re.MULTILINE
    )
    return dict(rows)
