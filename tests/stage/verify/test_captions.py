"""Captions beside shards are held against these; checksums are true of what is damaged, unless they are the damage."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.stage.verify.damage import SHARDER, shards
from tests.stage.verify.made import RECIPE, verified
from tests.stage.verify.test_verify import spoil
from vidcurate import curate
from vidcurate.stage.captions import list_captions, stored_captions, write_captions
from vidcurate.stage.packed import keys_of
from vidcurate.store.files import Store

PLACE = "webdataset/captions/said"
FIRST = f"{PLACE}/000000"
PACKED = replace(
    RECIPE, sharder=replace(SHARDER, max_samples=3), verify=replace(RECIPE.verify, sample=None, loaders=())
)
WINDOW = {"start_frame": 0, "end_frame": 9}
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def captioned(made, tmp_path_factory) -> Path:
    """Four samples in two shards, and their captions."""
    out = shutil.copytree(made, tmp_path_factory.mktemp("captioned") / "out")
    curate(PACKED, out=str(out), steps=["shard"])
    store = Store(str(out))
    for shard in shards(out):
        keys = keys_of(store, SHARDER, shard)
        rows = [{"key": key, "caption": f"of {key}", "windows": [WINDOW | {"caption": f"of {key}"}]} for key in keys]
        write_captions(store, PLACE, shard, rows, failed=0, made_by="x")
    list_captions(store, PLACE, list(stored_captions(store, PLACE).values()))
    return out


@pytest.fixture
def dataset(captioned, tmp_path) -> Path:
    return shutil.copytree(captioned, tmp_path / "out")


def rewrite(change: Callable[[Rows], Rows], *, table: bool = True) -> Callable[[Path], None]:
    """Captions of the first shard are written of other rows, the tar alone or the table too."""

    def damage(root: Path) -> None:
        store, path = Store(str(root)), root / f"{FIRST}.parquet"
        before, rows = path.read_bytes(), pq.read_table(path).to_pylist()
        entry = write_captions(store, PLACE, shards(root)[0], change(rows), failed=0, made_by="x")
        if not table:
            path.write_bytes(before)
            entry = replace(entry, sha256=(entry.sha256[0], hashlib.sha256(before).hexdigest()))
            store.write_json(f"{FIRST}_captions.json", asdict(entry))
        list_captions(store, PLACE, list(stored_captions(store, PLACE).values()))

    return damage


def reword(rows: Rows) -> Rows:
    return [rows[0] | {"caption": "other"}, *rows[1:]]


def flip_a_byte(root: Path) -> None:
    tar = bytearray((root / f"{FIRST}.tar").read_bytes())
    tar[600] ^= 1
    (root / f"{FIRST}.tar").write_bytes(tar)


def forget_a_shard(root: Path) -> None:
    for path in (root / PLACE).glob("000000*"):
        path.unlink()
    store = Store(str(root))
    list_captions(store, PLACE, list(stored_captions(store, PLACE).values()))


FAULTS = [
    (rewrite(lambda rows: rows[::-1]), "sample 0 of the shard is"),
    (rewrite(lambda rows: rows[:-1]), "of the table of captions None"),
    (rewrite(lambda rows: rows[:-1], table=False), "of the tar of captions None"),
    (rewrite(reword, table=False), "the tar says {'caption': 'other'"),
    (flip_a_byte, "000000.tar has other bytes than were written"),
    (lambda root: (root / f"{FIRST}.tar").unlink(), "000000.tar is not there"),
    (forget_a_shard, "has no captions of shard 000000"),
    (lambda root: (root / PLACE / "old.tar").touch(), "old.tar is of no record of captions"),
    (spoil(f"{FIRST}_captions.json"), "is no record of captions"),
    (spoil(f"{PLACE}/index.json"), "is no index of captions"),
    (lambda root: shutil.copy(root / PLACE / "../../v0/index.json", root / PLACE), "does not say what the records"),
]


@pytest.mark.parametrize(("damage", "words"), FAULTS, ids=[words for _, words in FAULTS])
def test_damaged_captions_are_found_and_nothing_else_is_blamed(dataset, damage, words):
    damage(dataset)

    blamed, message = verified(dataset, PACKED)

    assert blamed == {"shards/captions"}
    assert words in message


def test_captions_are_sound_when_they_are_written_and_after_a_takedown(dataset):
    video = pq.read_table(dataset / "tables/clips/part-0.parquet")["video_id"][0].as_py()

    before = verified(dataset, PACKED)
    curate(PACKED, out=str(dataset), steps=["takedown"], source_ids=[video])

    assert before == verified(dataset, PACKED) == (set(), "")
    assert stored_captions(Store(str(dataset)), PLACE).keys() == {shard.name for shard in shards(dataset)}
