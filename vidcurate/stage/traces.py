"""What a dataset holds of some videos: clips, shards with them, bytes of their media, and clips dropped for theirs."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, cast

from vidcurate.errors import ConfigError
from vidcurate.registry import build, near, registered
from vidcurate.sharder.base import Shard, Sharder
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.stage.decide import FOLDER as DECISIONS
from vidcurate.stage.gone import CHUNK, everything
from vidcurate.stage.inputs import TAKEN
from vidcurate.stage.packed import keys_of
from vidcurate.stage.publish import FILES
from vidcurate.stage.record import Record, read_records
from vidcurate.stage.shard import DROPS_FILE, stored_shards
from vidcurate.store.commit import RECORD
from vidcurate.store.files import Store


@dataclass(frozen=True, kw_only=True)
class Takedown:
    """What is to go.

    Attributes:
        given: as the videos were named.
        videos: their ids.
        clips: ids of their clips, packed ones included.
        media: SHA-256 of the files of their clips, and their sizes in bytes.
        shards: names of the shards that hold them, by folder.
        whole: folders of shards that are removed as a whole, as their shards cannot be written without a sample.
        orphans: remaining clips that were dropped as duplicates of a clip that goes.
    """

    given: list[str] = field(default_factory=list)
    videos: list[str] = field(default_factory=list)
    clips: list[str] = field(default_factory=list)
    media: dict[str, int] = field(default_factory=dict)
    shards: dict[str, list[str]] = field(default_factory=dict)
    whole: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)

    @property
    def ids(self) -> frozenset[str]:
        """Of videos and clips."""
        return frozenset(self.videos) | frozenset(self.clips)


@dataclass(frozen=True, kw_only=True)
class _Packed:
    """A shard of any sharder.

    Attributes:
        sharder: that wrote it.
        shard: its record.
        keys: of its samples, with the ids of their videos.
        is_whole: whether the dataset it belongs to was written to its end.
    """

    sharder: Sharder
    shard: Shard
    keys: dict[str, str]
    is_whole: bool

    @property
    def is_rewritable(self) -> bool:
        """Whether it can be written again without some of its samples, from itself alone."""
        return self.is_whole and isinstance(self.sharder, WebDataset)


def traces(store: Store, given: Sequence[str], taken: Collection[str]) -> Takedown:
    """Find what goes with videos; nothing is touched.

    Args:
        store: the dataset.
        given: ids or uris of videos.
        taken: ids of videos that are gone already.

    Raises:
        ConfigError: for all that are not in the dataset.
    """
    records, packed = read_records(store).values(), list(_packed(store))
    videos = _resolved(given, records, packed, taken)
    clips = {clip["clip_id"] for record in records if record.video["video_id"] in videos for clip in record.clips} | {
        key for entry in packed for key, video in entry.keys.items() if video in videos
    }
    known = {record.video["video_id"] for record in records}
    if not videos & known and not clips:
        return Takedown()
    holding = [entry for entry in packed if clips & entry.keys.keys()]
    shards: dict[str, list[str]] = {}
    for entry in holding:
        shards.setdefault(entry.sharder.folder, []).append(entry.shard.name)
    whole = {entry.sharder.folder for entry in holding if not entry.is_rewritable}
    return Takedown(
        given=sorted(given),
        videos=sorted(videos),
        clips=sorted(clips),
        media=_own_media(store, packed, clips),
        shards={folder: names for folder, names in shards.items() if folder not in whole},
        whole=sorted(whole),
        orphans=sorted(_orphans(store, clips)),
    )


def _resolved(
    given: Sequence[str], records: Iterable[Record], packed: Iterable[_Packed], taken: Collection[str]
) -> set[str]:
    """Ids of the videos that are meant.

    Raises:
        ConfigError: for all that are not in the dataset.
    """
    known = dict.fromkeys(taken, "")
    known |= {video: video for entry in packed for video in entry.keys.values() if video}
    for record in records:
        name = "" if record.video.get("reason") == TAKEN else record.video["video_id"]
        known |= {record.video["uri"]: name, record.video["video_id"]: name}
    problems = [
        f"source_ids: {name!r} is neither the id nor the uri of a video of this dataset{near(name, known)}"
        for name in given
        if name not in known
    ]
    if problems:
        gone = [f"{len(taken)} videos are gone already; takedown.json lists their ids"] * bool(taken)
        raise ConfigError(problems + gone)
    return {known[name] for name in given} - {""}


def _packed(store: Store) -> Iterator[_Packed]:
    """Every shard of the dataset, whichever sharder wrote it."""
    for sharder, is_whole in sharders(store):
        for shard in stored_shards(store, sharder).values():
            keys = keys_of(store, sharder, shard)
            yield _Packed(sharder=sharder, shard=shard, keys=keys, is_whole=is_whole)


def sharders(store: Store) -> list[tuple[Sharder, bool]]:
    """Sharders that the dataset may have shards of, and whether those are all there."""
    found = {sharder.folder: (sharder, False) for cls in registered("sharder").values() if (sharder := _default(cls))}
    for key in everything(store):
        if key.endswith(f"/{RECORD}") and (record := store.read_json(key)).get("sharder"):
            sharder = built(record)
            found[sharder.folder] = sharder, True
    return list(found.values())


def built(record: Mapping[str, Any]) -> Sharder:
    """The sharder that a commit record describes."""
    return cast("Sharder", build("sharder", "sharder", record["sharder"]))  # the registry has checked the family


def _default(cls: type[Any]) -> Sharder | None:
    try:
        return cast("Sharder", cls())
    except ValueError:  # it has a setting without a default, and cannot have been used but by a record that says which
        return None


def _own_media(store: Store, packed: Iterable[_Packed], clips: Collection[str]) -> dict[str, int]:
    """SHA-256 and size of the files of these clips, but of such as another clip has, too: a strip of black frames, say.

    Packed clips are looked at as well: they may have been cut otherwise since.
    """
    files = [
        (PurePosixPath(key).stem in clips, key, int(store.fs.size(store.path(key))))
        for folder, suffix in FILES
        if suffix != "json"
        for key in store.keys(folder, f".{suffix}")
    ]
    tars = {file.key for entry in packed for file in entry.shard.files if file.key.endswith(".tar")}
    sizes = {size for goes, _, size in files if goes}
    members = [(key, *member) for key in sorted(tars) for member in _members(store, key, clips)]
    sizes |= {size for _, goes, _, size in members if goes}
    found: dict[bool, dict[str, int]] = {True: {}, False: {}}
    for goes, key, size in files:
        if size in sizes:
            found[goes][_digest(store, key, 0, size)] = size
    for key, goes, offset, size in members:
        if size in sizes:
            found[goes][_digest(store, key, offset, size)] = size
    return {digest: size for digest, size in found[True].items() if digest not in found[False]}


def _members(store: Store, key: str, clips: Collection[str]) -> Iterator[tuple[bool, int, int]]:
    """Of each clip in a tar whether it goes, its offset and its size."""
    with store.fs.open(store.path(key), "rb") as file, tarfile.open(fileobj=file) as tar:
        for member in tar:
            name, _, suffix = PurePosixPath(member.name).name.partition(".")
            if suffix == "mp4":
                yield name in clips, member.offset_data, member.size


def _digest(store: Store, key: str, offset: int, size: int) -> str:
    digest = hashlib.sha256()
    with store.fs.open(store.path(key), "rb") as file:
        file.seek(offset)
        while size:
            chunk = file.read(min(size, CHUNK))
            digest.update(chunk)
            size -= len(chunk)
    return digest.hexdigest()


def _orphans(store: Store, gone: Collection[str]) -> set[str]:
    """Remaining clips that were dropped or left out in favour of one that goes."""
    found, names = set(), frozenset(gone)
    lists = (f"{sharder.folder}/{DROPS_FILE}" for sharder, _ in sharders(store))
    for key in [*store.keys(DECISIONS, ".parquet"), *filter(store.exists, lists)]:
        for row in store.read_table(key).to_pylist():
            name = row["id"]
            if name not in names and not row.get("kept") and names & {row["witness_id"], row.get("group_id")}:
                found.add(name)
    return found
