"""HASHES of clips: what tells copies before any embedding does, from frames that the one decode has at hand."""

from __future__ import annotations

from collections.abc import Sequence

from vidcurate.filter.luma import THUMBNAILS, luma
from vidcurate.records import Frames, Sampling
from vidcurate.video.phash import phashes

VERSION = 1
"""Raised when equal clips begin to have other hashes."""

SAMPLING = THUMBNAILS
"""Of `motion` and `luma` too, so that no frame is scaled twice."""

GRID = Sampling(width=SAMPLING.width, height=SAMPLING.height, fps=2.0)
"""Which of them are hashed. On labelled copies two a second are as good as four, and one a second hardly worse, but
then the shortest clips have but one."""


def hash_row(clip_id: str, content_hash: str, frames: Frames) -> dict[str, str | Sequence[int]]:
    """A row of HASHES, but for the duration.

    Args:
        clip_id: which clip.
        content_hash: of its coded frames; see `vidcurate.video.contents`.
        frames: of `SAMPLING`.
    """
    levels = luma(frames.images[GRID.choose(frames.times)])
    return {"clip_id": clip_id, "content_hash": content_hash, "phash": phashes(levels).tolist()}
