"""Finished clips are read again when a later run asks something new of them; their source is not needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vidcurate.records import Frames, Sampling
from vidcurate.stage.place import FILTERED, KEPT
from vidcurate.stage.record import Record
from vidcurate.store.files import Store
from vidcurate.timings import timed
from vidcurate.video.contents import content_hash
from vidcurate.video.reread import reread


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reread:
    """A finished clip and frames taken from its file.

    Attributes:
        clip_id: which clip.
        num_frames: frames in its file.
        content_hash: of its coded frames.
        frames: one entry per sampling.
    """

    clip_id: str
    num_frames: int
    content_hash: str
    frames: dict[Sampling, Frames]


def reread_clips(store: Store, record: Record, samplings: Sequence[Sampling]) -> Iterator[Reread]:
    """Take frames from the finished clips of a video, in the order of its record.

    Raises:
        DecodeError: a clip's file cannot be decoded.
    """
    for clip in record.clips:
        key = f"{KEPT}/{clip['clip_id']}.mp4"
        if not store.exists(key):
            key = f"{FILTERED}/{clip['clip_id']}.mp4"
        with store.staging(clip["num_bytes"]) as folder:
            with timed("fetch"):
                path = str(store.fetch(key, folder))
            with timed("sample"):
                frames, digest = reread(path, samplings), content_hash(path)
        yield Reread(clip_id=clip["clip_id"], num_frames=clip["num_frames"], content_hash=digest, frames=frames)
