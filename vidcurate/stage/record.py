"""The commit record of one video: what it yielded and from what it was made; written last, and all tables come from it.

A video without a record has not been processed, whatever files it left; tables are a function of the records, so a
run that was killed and run again ends with the same bytes as one that was not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

from vidcurate.recipe import Recipe
from vidcurate.records import Video
from vidcurate.registry import fingerprint
from vidcurate.stage.hashes import VERSION as HASHES
from vidcurate.store.files import Store
from vidcurate.store.mask import masked

FOLDER = "processed_videos"
AHEAD, REMOTE = 1024, 32
"""Records that are asked for before they are wanted, and how many at a time where most of the time is spent waiting."""

Row = dict[str, Any]
"""A row of one of the tables of `vidcurate.table`."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What became of one input.

    Attributes:
        key: name of the record: the video's id, or for an exact copy one that its uri makes unique.
        video: its row of VIDEOS.
        made_from: fingerprint of what each product was made from; see `wanted`.
        clips: its rows of CLIPS, without what the filters decide later.
        scores: its rows of SCORES, likewise.
        captions: its rows of CAPTIONS.
        hashes: its rows of HASHES, without what CLIPS say too.
        failure: its row of FAILURES, or None.
    """

    key: str
    video: Row
    made_from: dict[str, str] = field(default_factory=dict)
    clips: list[Row] = field(default_factory=list)
    scores: list[Row] = field(default_factory=list)
    captions: list[Row] = field(default_factory=list)
    hashes: list[Row] = field(default_factory=list)
    failure: Row | None = None

    @property
    def uri(self) -> str:
        """Of the input."""
        return str(self.video["uri"])

    @property
    def license(self) -> str:
        """Under which the input may be used; older records know of none."""
        return str(self.video.get("license", ""))

    @property
    def num_clips(self) -> int:
        """How many clips it has yielded."""
        return len(self.clips)


class Known(Protocol):
    """What decides whether a video is up to date: a record, or what a ledger says of it."""

    @property
    def made_from(self) -> Mapping[str, str]:
        """Fingerprint of what each product was made from."""

    @property
    def num_clips(self) -> int:
        """How many clips it has yielded."""


@dataclass(frozen=True, slots=True)
class Records:
    """Records of a dataset, read while they are iterated, each time anew, so that a million of them need no memory.

    Attributes:
        store: the dataset.
        keys: of those wanted, in this order; one that is not there is left out.
    """

    store: Store
    keys: Sequence[str]

    def __iter__(self) -> Iterator[Record]:
        with ThreadPoolExecutor(1 if self.store.is_local else REMOTE) as pool:
            for start in range(0, len(self.keys), AHEAD):
                found = pool.map(partial(read_record, self.store), self.keys[start : start + AHEAD])
                yield from (record for record in found if record is not None)


def wanted(recipe: Recipe) -> dict[str, str]:
    """Fingerprint of every product that a recipe asks of a video.

    They are its clips, hashes, embedding, caption, enhanced_caption, preview, and the score of each filter that sees
    frames.
    """
    decoder = () if recipe.decoder == "cpu" else (recipe.decoder,)
    clips = fingerprint(recipe.splitter, recipe.transcoder, *decoder)
    made_from = {
        "clips": clips,
        "hashes": fingerprint(clips, HASHES),
        "embedding": fingerprint(clips, recipe.embedder),
    }
    if recipe.captioner.sampling is not None:
        made_from["caption"] = fingerprint(clips, recipe.captioner)
        made_from["enhanced_caption"] = fingerprint(made_from["caption"], recipe.enhancer)
    if recipe.preview.sampling is not None:
        made_from["preview"] = fingerprint(clips, recipe.preview)
    seeing = [entry for entry in recipe.filter if entry.sampling is not None]  # the others are asked by `judge`
    return made_from | {f"score/{entry.name}": fingerprint(clips, entry) for entry in seeing}


def missing(record: Known | None, made_from: Mapping[str, str]) -> frozenset[str]:
    """Products that have to be made: all of them where the clips themselves are missing or of another recipe."""
    if record is None or record.made_from.get("clips") != made_from["clips"]:
        return frozenset(made_from)
    if not record.num_clips:  # a failed or empty video has no clips to make anything from
        return frozenset()
    return frozenset(product for product, value in made_from.items() if record.made_from.get(product) != value)


def is_of_cut(record: Known, made_from: Mapping[str, str]) -> bool:
    """Whether it belongs into the tables of a recipe: it is of its cut, or yields nothing whatever the recipe."""
    return not record.made_from or record.made_from["clips"] == made_from["clips"]


def failed(video: Video, stage: str, error: BaseException, made_from: Mapping[str, str]) -> Record:
    """The record of a video that could not be used.

    Args:
        video: which one.
        stage: where it failed: `source`, `split`, ...
        error: why.
        made_from: as `wanted`, so that the same recipe does not try again.
    """
    row = {"video_id": video.id, "uri": video.uri}
    reason, message = _snake(type(error).__name__), masked(str(error))
    return Record(
        key=video.id,
        video=row | {"status": "failed", "reason": reason, "size_bytes": video.size_bytes, "license": video.license},
        made_from=dict(made_from),
        failure=row | {"stage": stage, "reason": reason, "message": message},
    )


def unseen(known: Record, error: BaseException) -> Record:
    """The record of a video whose finished clips could not be looked at anew: they stay, and the next run tries again.

    Args:
        known: what is true of its clips.
        error: why.
    """
    row = {name: known.video[name] for name in ("video_id", "uri")}
    reason, message = _snake(type(error).__name__), masked(str(error))
    return replace(
        known,
        video=known.video | {"status": "failed", "reason": reason},
        failure=row | {"stage": "again", "reason": reason, "message": message},
    )


def write_record(store: Store, record: Record) -> None:
    """Commit a video: one line, as the C encoder of `json` knows no indents and is ten times as fast."""
    content = json.dumps(vars(record), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    store.write(f"{FOLDER}/{record.key}.json", content.encode() + b"\n")


def remove_record(store: Store, key: str) -> None:
    """Forget an input."""
    store.remove(f"{FOLDER}/{key}.json")


def read_record(store: Store, key: str) -> Record | None:
    """The record of one input; None if it has not been committed."""
    try:
        return Record(**store.read_json(f"{FOLDER}/{key}.json"))
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_records(store: Store) -> dict[str, Record]:
    """Every committed input, by the key of its record."""
    keys = sorted(name.removesuffix(".json") for name in store.names(FOLDER, ".json"))
    return {record.key: record for record in Records(store, keys)}


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
