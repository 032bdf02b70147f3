"""Takes videos out of a dataset with all that was made of them, keeps them out, and proves that nothing is left.

A journal is written before anything is touched, so that a run which is killed can be started again.
"""

from __future__ import annotations

import hashlib
import logging
import tarfile
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import IO, Any, cast

import fsspec

from vidcurate.errors import ConfigError, MissingInput, VidcurateError
from vidcurate.records import NAMESPACE, Video
from vidcurate.registry import build, near, registered
from vidcurate.sharder.base import Part, Shard, Sharder
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.stage.append import FOLDER as LEFT_OUT
from vidcurate.stage.clean import clean
from vidcurate.stage.decide import FOLDER as DECISIONS
from vidcurate.stage.gone import Search, chunks, everything, search
from vidcurate.stage.inputs import Inputs
from vidcurate.stage.packed import keys_of
from vidcurate.stage.publish import FILES
from vidcurate.stage.record import Record, read_records
from vidcurate.stage.shard import finish, pack_part, record_key, stored_shards
from vidcurate.stage.unpack import unpack
from vidcurate.store.commit import RECORD, committed
from vidcurate.store.files import Store
from vidcurate.store.provenance import KEY as RUN

log = logging.getLogger(__name__)

LIST = "takedown.json"
"""Ids of the videos that must not come in again."""
JOURNAL = "_takedown.json"
"""What a takedown that is not finished is about."""
TAKEN = "taken_down"


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


def take_down(store: Store, source_ids: Sequence[str]) -> Takedown:
    """Remove videos and everything made of them, and prove it.

    Args:
        store: the dataset.
        source_ids: ids of videos or their uris, as in VIDEOS; or one text file that names them, one a line.

    Returns:
        What is gone; empty where all were gone before.

    Raises:
        ConfigError: no such videos; nothing has been touched.
        VidcurateError: something of them is left.

    `conclude` ends it, once reports are written.
    """
    store.sweep()
    wanted = _read(source_ids)
    if store.exists(JOURNAL):
        pending = Takedown(**store.read_json(JOURNAL))
        log.info("takedown: going on with one that was not finished: %d videos", len(pending.videos))
        _carry_out(store, pending)
        wanted = [name for name in wanted if name not in pending.given]
        if not wanted:
            return pending
    if not wanted:
        raise ConfigError(["source_ids names no video; give source_ids=[ID,...], uris, or source_ids=FILE.txt"])
    found = _plan(store, wanted)
    if not found.videos:
        log.info("takedown: up to date, nothing of these videos is in the dataset")
        return found
    store.write_json(JOURNAL, asdict(found))
    _carry_out(store, found)
    return found


@dataclass(frozen=True, kw_only=True)
class _Packed:
    """A shard of any sharder.

    Attributes:
        sharder: that wrote it.
        shard: its record.
        keys: of its samples, with the ids of their videos.
        is_whole: whether the dataset it belongs to was written to its end.
        is_unclear: whether its files do not tell what is in it.
    """

    sharder: Sharder
    shard: Shard
    keys: dict[str, str]
    is_whole: bool
    is_unclear: bool

    @property
    def is_rewritable(self) -> bool:
        """Whether it can be written again without some of its samples, from itself alone."""
        return self.is_whole and isinstance(self.sharder, WebDataset)


def conclude(store: Store, taken: Takedown) -> None:
    """Search what has been written since, and lay the journal aside.

    Raises:
        VidcurateError: something of the videos is left.
    """
    demand_gone(store, taken, [key for key in ("summary.json", "run.json", "report.html") if store.exists(key)])
    store.remove(JOURNAL)


def demand_finished(store: Store) -> None:
    """Refuse to work on a dataset that is half cleaned.

    Raises:
        MissingInput: a takedown was killed.
    """
    if store.exists(JOURNAL):
        raise MissingInput(
            f"{store.url}: a takedown was not finished; run +experiment=takedown with this out=... first"
        )


def demand_gone(store: Store, taken: Takedown, keys: Sequence[str]) -> Search:
    """Search files for what was taken down.

    Raises:
        VidcurateError: something is left.
    """
    seen = search(store, taken.ids, taken.media, keys)
    if seen.found:
        raise VidcurateError(
            f"takedown: {len(seen.found)} traces are left: {'; '.join(seen.found[:10])}. Remove what vidcurate has not "
            "written, and run the same takedown again"
        )
    return seen


def taken_down(store: Store) -> dict[str, Any] | None:
    """Number of `videos` that must stay out, and what the `last` takedown has searched; None where there are none."""
    listed = _listed(store)
    return {"videos": len(listed["video_ids"]), "last": listed.get("last")} if listed["video_ids"] else None


def without_taken(store: Store, inputs: Inputs) -> Inputs:
    """Inputs without the videos that were taken down; those are recorded as filtered, under another id."""
    taken = frozenset(_listed(store)["video_ids"])
    if not taken:
        return inputs
    barred = [video for video in inputs.videos if video.id in taken]
    rows = [record.video for record in inputs.copies if record.video["video_id"] in taken]
    barred += [Video(id=row["video_id"], uri=row["uri"], path="", size_bytes=row["size_bytes"]) for row in rows]
    if barred:
        log.info("split: %d inputs were taken down and stay out: %s lists them", len(barred), LIST)
    return replace(
        inputs,
        videos=tuple(video for video in inputs.videos if video.id not in taken),
        copies=tuple(record for record in inputs.copies if record.video["video_id"] not in taken),
        taken=tuple(map(_barred, barred)),
    )


def _barred(video: Video) -> Record:
    key = str(uuid.uuid5(NAMESPACE, f"{TAKEN}:{video.id}:{video.uri}"))
    row = {"video_id": key, "uri": video.uri, "size_bytes": video.size_bytes}
    return Record(key=key, video=row | {"status": "filtered", "reason": TAKEN})


def _read(source_ids: Sequence[str]) -> list[str]:
    if len(source_ids) != 1 or not source_ids[0].endswith(".txt"):
        return list(source_ids)
    try:
        with fsspec.open(source_ids[0], "r", encoding="utf-8-sig") as file:
            lines = [line.strip() for line in file]
    except OSError as error:
        raise ConfigError([f"source_ids={source_ids[0]!r} cannot be read: {error}"]) from error
    return [line for line in lines if line and not line.startswith("#")]


def _listed(store: Store) -> dict[str, Any]:
    return cast("dict[str, Any]", store.read_json(LIST)) if store.exists(LIST) else {"video_ids": []}


def _plan(store: Store, given: Sequence[str]) -> Takedown:
    """What goes with these videos; nothing is touched."""
    records, packed = read_records(store).values(), list(_packed(store))
    videos = _resolved(given, records, packed, _listed(store)["video_ids"])
    clips = {clip["clip_id"] for record in records if record.video["video_id"] in videos for clip in record.clips} | {
        key for entry in packed for key, video in entry.keys.items() if video in videos
    }
    known = {record.video["video_id"] for record in records}
    if not videos & known and not clips:
        return Takedown()
    holding = [entry for entry in packed if clips & entry.keys.keys() or entry.is_unclear]
    shards: dict[str, list[str]] = {}
    for entry in holding:
        shards.setdefault(entry.sharder.folder, []).append(entry.shard.name)
    whole = {entry.sharder.folder for entry in holding if not entry.is_rewritable}
    return Takedown(
        given=sorted(given),
        videos=sorted(videos),
        clips=sorted(clips),
        media=dict(_media(store, clips)) | dict(_packed_media(store, holding, clips)),
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
        gone = [f"{len(taken)} videos are gone already; {LIST} lists their ids"] * bool(taken)
        raise ConfigError(problems + gone)
    return {known[name] for name in given} - {""}


def _packed(store: Store) -> Iterator[_Packed]:
    """Every shard of the dataset, whichever sharder wrote it."""
    for sharder, is_whole in _sharders(store):
        for shard in stored_shards(store, sharder).values():
            try:
                keys = keys_of(store, sharder, shard)
            except MissingInput:
                if isinstance(sharder, WebDataset):
                    raise
                keys = {}
            yield _Packed(sharder=sharder, shard=shard, keys=keys, is_whole=is_whole, is_unclear=not keys)


def _sharders(store: Store) -> list[tuple[Sharder, bool]]:
    """Sharders that the dataset may have shards of, and whether those are all there."""
    found = {sharder.folder: (sharder, False) for cls in registered("sharder").values() if (sharder := _default(cls))}
    for key in everything(store):
        if key.endswith(f"/{RECORD}") and (record := store.read_json(key)).get("sharder"):
            sharder = _built(record)
            found[sharder.folder] = sharder, True
    return list(found.values())


def _built(record: Mapping[str, Any]) -> Sharder:
    return cast("Sharder", build("sharder", "sharder", record["sharder"]))  # the registry has checked the family


def _default(cls: type[Any]) -> Sharder | None:
    try:
        return cast("Sharder", cls())
    except ValueError:  # it has a setting without a default, and cannot have been used but by a record that says which
        return None


def _media(store: Store, clips: Collection[str]) -> Iterator[tuple[str, int]]:
    """SHA-256 and size of every file of these clips that a person could look at or listen to."""
    for folder, suffix in FILES:
        if suffix != "json":
            for key in (f"{folder}/{clip}.{suffix}" for clip in sorted(clips)):
                if store.exists(key):
                    with store.fs.open(store.path(key), "rb") as file:
                        yield _digest(file)


def _packed_media(store: Store, holding: Iterable[_Packed], clips: Collection[str]) -> Iterator[tuple[str, int]]:
    """The same of the clips as they are packed, which may have been cut otherwise since."""
    for key in (file.key for entry in holding for file in entry.shard.files if file.key.endswith(".tar")):
        with store.fs.open(store.path(key), "rb") as file, tarfile.open(fileobj=file) as tar:
            for member in tar:
                name, _, suffix = member.name.rpartition("/")[2].partition(".")
                if name in clips and suffix == "mp4" and (content := tar.extractfile(member)) is not None:
                    yield _digest(content)


def _digest(file: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks(file):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _orphans(store: Store, gone: Collection[str]) -> set[str]:
    """Remaining clips that were dropped or left out in favour of one that goes."""
    found = set()
    for key in [*store.keys(DECISIONS, ".parquet"), *store.keys(LEFT_OUT, ".parquet")]:
        for row in store.read_table(key).to_pylist():
            name = row["id"] if "id" in row else row["clip_id"]
            if name not in gone and not row.get("kept") and {row["witness_id"], row.get("group_id")} & set(gone):
                found.add(name)
    return found


def _carry_out(store: Store, taken: Takedown) -> None:
    """Do what a journal says; done twice it is as done once."""
    listed = _listed(store)
    store.write_json(LIST, listed | {"video_ids": sorted({*listed["video_ids"], *taken.videos})})
    for folder in taken.whole:
        store.remove(folder)
        log.warning(
            "takedown: %s is removed as a whole: its shards cannot be written without a clip; pack anew", folder
        )
    for folder, holding in taken.shards.items():
        _rewrite(store, folder, holding, frozenset(taken.clips))
    kept = (entry for sharder, _ in _sharders(store) for entry in stored_shards(store, sharder).values())
    shards = {file.key for entry in kept for file in entry.files}
    clean(store, taken.videos, taken.clips, shards)
    seen = demand_gone(store, taken, everything(store, (JOURNAL, LIST, RUN)))  # the last is searched by `conclude`
    proof = {"videos": len(taken.videos), "clips": len(taken.clips), "files": seen.files, "bytes": seen.num_bytes}
    store.write_json(LIST, _listed(store) | {"last": proof | {"orphans": len(taken.orphans)}})
    shown = sum(map(len, taken.shards.values()))
    log.info(
        "takedown: %d videos and %d clips are gone, %d shards written anew", proof["videos"], proof["clips"], shown
    )
    log.info("takedown: %d files, %d bytes searched: nothing of them is left", seen.files, seen.num_bytes)
    if taken.orphans:
        names = ", ".join(taken.orphans)
        log.warning(
            "takedown: %d clips were dropped only as duplicates of a clip that is gone; run +experiment=dedup again to "
            "let them in: %s",
            len(taken.orphans),
            names,
        )


def _rewrite(store: Store, folder: str, names: Sequence[str], gone: frozenset[str]) -> None:
    """Write shards again without some of their samples, or remove those that are left empty, and list all anew."""
    record = committed(store, folder)
    sharder = _built(record)
    stored = stored_shards(store, sharder)
    for entry in (stored[name] for name in names if name in stored):
        key = f"{folder}/{entry.name}.tar"
        with store.staging() as staging:
            samples = unpack(store, key, entry.subset, gone, staging) if store.exists(key) else []
            if samples:
                part = Part(name=entry.name, subset=entry.subset, bins=entry.bins, samples=tuple(samples))
                pack_part(part, sharder=sharder, cut=record["cut"], clips=str(staging), out=store.url)
                continue
        for path in store.keys(key.rpartition("/")[0]):
            if path.startswith(f"{folder}/{entry.name}."):  # what loaders have beside the tar is no file of the shard
                store.remove(path)
        store.remove(record_key(sharder, entry.name))
    stale = {reason: [key for key in keys if key not in gone] for reason, keys in record.get("stale", {}).items()}
    left = {reason: keys for reason, keys in stale.items() if keys}
    finish(store, sharder, list(stored_shards(store, sharder).values()), record["cut"], left)
