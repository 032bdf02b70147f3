"""What a clip looks like in one small JPEG: the strip that split has drawn, or one that is drawn now."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vidcurate.errors import MediaError
from vidcurate.stage.publish import PREVIEWS
from vidcurate.store.files import Store

log = logging.getLogger(__name__)

FOLDER = "review/thumbnails"
FRAMES = 3
"""Frames side by side."""
MAX_BYTES = 2**20
"""Of a picture; what split draws has 20 kB, and a larger file is none of its."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A small picture of a clip.

    Attributes:
        key: where it is in the dataset.
        jpeg: its bytes.
    """

    key: str
    jpeg: bytes


def picture_of(store: Store, source: Store, clip: Mapping[str, Any]) -> Picture | None:
    """The picture of a clip; None where it can be shown by nothing, which the log says.

    Args:
        store: the dataset; gets those that have to be drawn.
        source: the dataset that has the clips.
        clip: `clip_id`, `uri`, `width` and `height`.
    """
    drawn, own = f"{PREVIEWS}/{clip['clip_id']}.jpg", f"{FOLDER}/{clip['clip_id']}.jpg"
    for key in (drawn, own):
        if store.exists(key) and int(store.fs.size(store.path(key)) or 0) <= MAX_BYTES:
            return Picture(key, store.read(key))
    jpeg = _drawn(source, clip)
    if jpeg is None:
        return None
    store.write(own, jpeg)
    return Picture(own, jpeg)


def _drawn(source: Store, clip: Mapping[str, Any]) -> bytes | None:
    if not clip["uri"] or not clip["width"] or not clip["height"]:
        return None
    try:
        return drawn_of(source, clip)
    except (MediaError, OSError) as error:
        log.warning("review: no picture of %s: %s", clip["uri"], error)
        return None


def drawn_of(source: Store, clip: Mapping[str, Any]) -> bytes:
    """A strip of a clip's frames, drawn from its file, as JPEG.

    Raises:
        MediaError: it cannot be decoded.
        OSError: it cannot be read.
    """
    from vidcurate.video.thumbnail import strip

    with source.fs.open(source.path(clip["uri"]), "rb") as file:
        return strip(file, FRAMES, clip["width"], clip["height"])
