"""One shard, wholly on one worker: its files against their checksums, then what lies in it against the clips.

What lies in a shard is looked at only where its files are what they were: damage has one name.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from vidcurate.errors import MissingInput
from vidcurate.sharder.base import File, Shard, Sharder
from vidcurate.stage.packed import keys_of
from vidcurate.stage.place import KEPT
from vidcurate.stage.verify.check import DAMAGE, Check, checked
from vidcurate.stage.verify.index import index_faults
from vidcurate.stage.verify.sidecar import sidecar_faults
from vidcurate.stage.verify.tar import Member, Packed, read_tar
from vidcurate.store.files import Store

CHUNK = 2**20
"""Bytes that are compared at once."""
MEMBERS = (("json", "txt", "mp4"), ("json", "txt", "npy", "mp4"))
"""Suffixes of a sample's members in their order, without and with an embedding."""

Read = Callable[[Path], Iterator[Packed]]
"""Samples of a shard from its first file; it raises TarError or ValueError where that is not what it should be."""

FORMATS: Mapping[str, Read] = {"webdataset": read_tar}
"""By sharder what reads the samples of its shards. Of others the files are checked, and what the records say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What a worker has found in a shard.

    Attributes:
        shard: which one.
        checks: what it looked at, by name of the check.
        is_sound: whether its files are what they were and its samples are well-formed.
        samples: in it, in their order; None where it was not opened.
        vectors: SHA-256 of the embeddings in it, by key.
        listed: where it was not opened, its keys and the video of each as they are listed beside it.
    """

    shard: Shard
    checks: Mapping[str, Check]
    is_sound: bool
    samples: tuple[Packed, ...] | None
    vectors: Mapping[str, str] = field(default_factory=dict)
    listed: Mapping[str, str] = field(default_factory=dict)


def inspect(shard: Shard, *, sharder: Sharder, out: str, clips: str) -> Inspected:
    """Look at a shard.

    Args:
        shard: what its record says.
        sharder: has written it.
        out: root of the dataset.
        clips: root of the one that has the files of clips; empty where that is not known.
    """
    store, read = Store(out), FORMATS.get(sharder.name)
    checks = [checked("shards/files", (_file_fault(store, file) for file in shard.files))]
    if checks[0].faults:
        return _inspected(shard, checks, None)
    if read is None:
        return replace(_inspected(shard, checks, None), listed=_listed(store, sharder, shard))
    with store.staging(shard.num_bytes) as folder:
        try:
            path = store.fetch(shard.files[0].key, folder)
            samples = tuple(read(path))
        except (tarfile.TarError, ValueError) as error:
            checks.append(checked("shards/samples", [f"{shard.files[0].key} cannot be read: {error}"]))
            return _inspected(shard, checks, None)
        checks += [
            checked("shards/samples", _sample_faults(shard, samples)),
            checked("shards/media", _media_faults(Store(clips), shard, path, samples) if clips else ()),
        ]
        if not checks[1].faults:
            checks.append(checked("shards/sidecars", _beside(store, shard, folder, samples)))
        return replace(_inspected(shard, checks, samples), vectors=dict(_vectors(path, samples)))


def _beside(store: Store, shard: Shard, folder: Path, samples: Sequence[Packed]) -> Iterator[str | None]:
    for file in shard.files:
        for suffix, faults in ((".parquet", sidecar_faults), (".idx", index_faults)):
            if file.key.endswith(f"{shard.name}{suffix}"):
                yield from faults(file.key, store.fetch(file.key, folder), samples)


def _listed(store: Store, sharder: Sharder, shard: Shard) -> Mapping[str, str]:
    try:
        return keys_of(store, sharder, shard)
    except (MissingInput, *DAMAGE):  # of a version that did not list them; `shards/files` has seen the bytes
        return {}


def _vectors(path: Path, samples: Sequence[Packed]) -> Iterator[tuple[str, str]]:
    with path.open("rb") as tar:
        for sample in samples:
            member = sample.member("npy")
            if member is not None:
                tar.seek(member.offset)
                with contextlib.suppress(ValueError):  # no array, so no shard that was made from one
                    vector = np.load(io.BytesIO(tar.read(member.size)), allow_pickle=False)
                    yield sample.key, hashlib.sha256(vector.tobytes()).hexdigest()


def _inspected(shard: Shard, checks: Sequence[Check], samples: tuple[Packed, ...] | None) -> Inspected:
    by_name = {check.name: check for check in checks}
    broken = sum(by_name[name].faults for name in ("shards/files", "shards/samples") if name in by_name)
    return Inspected(shard=shard, checks=by_name, is_sound=not broken, samples=samples)


def _file_fault(store: Store, file: File) -> str | None:
    try:
        with store.fs.open(store.path(file.key), "rb") as opened:
            size = opened.seek(0, 2)
            if size != file.num_bytes:
                return f"{file.key} has {size} bytes, its record says {file.num_bytes}"
            opened.seek(0)
            digest = hashlib.file_digest(opened, "sha256").hexdigest() if file.sha256 else ""
    except FileNotFoundError:
        return f"{file.key} is not there"
    return None if digest == file.sha256 else f"{file.key} has other bytes than were written: SHA-256 {digest}"


def _sample_faults(shard: Shard, samples: Sequence[Packed]) -> Iterator[str | None]:
    """Members side by side, the .json first, the same in all samples; as many samples as the record says."""
    name, seen = shard.files[0].key, dict[str, tuple[str, ...]]()
    for sample in samples:
        others = seen.setdefault(sample.key, sample.suffixes)
        if not set(others) & set(sample.suffixes):
            yield f"{name}: the members of sample {sample.key!r} are not side by side"
        elif sample.suffixes not in MEMBERS:
            found = ", ".join(sample.suffixes)
            yield f"{name}: sample {sample.key!r} has the members {found}; expected json, txt, [npy,] mp4"
        elif sample.suffixes != samples[0].suffixes:
            yield f"{name}: sample {sample.key!r} has other members than the first one"
        else:
            yield None
    if len(samples) != shard.num_samples and len(seen) != shard.num_samples:
        yield f"{name} holds {len(samples)} samples, its record says {shard.num_samples}"


def _media_faults(clips: Store, shard: Shard, path: Path, samples: Sequence[Packed]) -> Iterator[str | None]:
    """The clip in a sample is its file in the dataset; a file that is missing is not the shard's fault."""
    with path.open("rb") as tar:
        for sample in samples:
            member, clip = sample.member("mp4"), clips.path(f"{KEPT}/{sample.key}.mp4")
            if member is None or not clips.fs.exists(clip):
                continue
            with clips.fs.open(clip, "rb") as file:
                same = file.seek(0, 2) == member.size and _are_equal(tar, member, file)
            yield None if same else f"{shard.files[0].key}: sample {sample.key!r} holds other bytes than its clip"


def _are_equal(tar: BinaryIO, member: Member, file: BinaryIO) -> bool:
    tar.seek(member.offset)
    file.seek(0)
    left = member.size
    while left:
        chunk = tar.read(min(CHUNK, left))
        if not chunk or chunk != file.read(len(chunk)):
            return False
        left -= len(chunk)
    return True
