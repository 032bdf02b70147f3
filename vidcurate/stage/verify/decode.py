"""Whether clips can be decoded, wholly and from the bytes in the shards: small tasks, spread over workers."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from vidcurate.errors import MediaError
from vidcurate.progress import progress
from vidcurate.runtime.base import Runtime
from vidcurate.stage.verify.check import Check, checked, merged
from vidcurate.store.files import Store
from vidcurate.video.contents import content_hash
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe
from vidcurate.video.within import Within

log = logging.getLogger(__name__)

BATCH = 16
"""Clips of a task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a clip lies in a shard, and what it should be.

    Attributes:
        key: of its sample.
        offset: of its first byte.
        size: in bytes.
        num_frames: that it shows.
        width: display width in pixels.
        height: display height in pixels.
        content_hash: of its coded frames, as HASHES have it; empty where that is not known.
    """

    key: str
    offset: int
    size: int
    num_frames: int
    width: int
    height: int
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Clips of one shard that a worker decodes in a row.

    Attributes:
        file: key of the shard's file.
        spots: the clips.
    """

    file: str
    spots: tuple[Spot, ...]


def is_drawn(key: str, share: float, seed: int) -> bool:
    """Whether a clip is in a sample: a share of all, the same whatever else is in the dataset."""
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64


def batches(file: str, spots: Iterable[Spot]) -> Iterator[Batch]:
    """The clips of a shard as tasks."""
    drawn = tuple(spots)
    yield from (Batch(file=file, spots=drawn[at : at + BATCH]) for at in range(0, len(drawn), BATCH))


def check_decoding(store: Store, tasks: list[Batch], runtime: Runtime) -> Check:
    """`decode/clips`: every drawn clip shows as many frames, of the size, as its metadata say, and none is damaged.

    Codecs have no checksums, and some damage decodes: the hash of the coded frames finds that.
    """
    found: dict[tuple[str, int], Check] = {}
    started, size = time.monotonic(), sum(spot.size for task in tasks for spot in task.spots)
    for place, part in progress(
        runtime.map(partial(decode, out=store.url), tasks, models=False), len(tasks), "verify: batches"
    ):
        found[place] = part
    whole = merged("decode/clips", (found[place] for place in sorted(found)))
    seconds = max(time.monotonic() - started, 1e-9)
    if tasks:
        rates = whole.checked / seconds, size / seconds / 1e6
        log.info("verify: %d clips decoded in %.1f s, %.1f clips/s, %.1f MB/s", whole.checked, seconds, *rates)
    return whole


def decode(task: Batch, *, out: str) -> tuple[tuple[str, int], Check]:
    """Decode some clips.

    Returns:
        the place of the task among all, and what was found.
    """
    store = Store(out)
    with store.fs.open(store.path(task.file), "rb") as file:
        found = checked(
            "decode/clips",
            (
                _fault(Within(file, spot.offset, spot.size, f"{task.file}: clip {spot.key!r}"), spot)
                for spot in task.spots
            ),
        )
    return (task.file, task.spots[0].offset), found


def _fault(clip: Within, spot: Spot) -> str | None:
    try:
        info = probe(clip)
        decoding = Decoding(clip, info)
        for _ in decoding:
            pass
        digest = content_hash(clip) if spot.content_hash else ""
    except MediaError as error:
        return str(error)
    if decoding.errors:
        return f"{clip}: {decoding.errors} damaged packets or frames"
    found, wanted = (decoding.num_frames, info.width, info.height), (spot.num_frames, spot.width, spot.height)
    if found != wanted:
        return "{}: {} frames of {}x{}, its metadata say {} of {}x{}".format(clip, *found, *wanted)
    return None if digest == spot.content_hash else f"{clip}: its coded frames are not those that split has hashed"
