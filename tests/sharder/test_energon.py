from __future__ import annotations

import gc
import importlib
import json
import pickle
import shutil
import sqlite3
import subprocess
import sys
import uuid
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sharder.made import made_samples, packed
from vidcurate.sharder.base import Shard
from vidcurate.sharder.energon import write_energon
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.stage.shard import stored_shards
from vidcurate.store.files import Store

FOLDER = "webdataset/v0"
# A sample takes at most 5632 bytes: three fill a tar of 20480, five need two.
SHARDER = WebDataset(shuffle=False, bins=(), target_bytes=20480)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    return prepared(Store(str(tmp_path_factory.mktemp("dataset"))))


def prepared(store: Store) -> Store:
    """Five samples in two shards, the second of which is for validation."""
    write_energon(store, FOLDER, subsets(store))
    return store


def subsets(store: Store) -> list[Shard]:
    first, second = packed(SHARDER, store, made_samples(store))
    return [first, replace(second, subset="val")]


def rows(path: Path, table: str) -> list[tuple]:
    database = sqlite3.connect(path)
    try:
        return sorted(database.execute(f"SELECT * FROM {table}"))
    finally:
        database.close()


def meta(store: Store) -> Path:
    return Path(store.path(f"{FOLDER}/.nv-meta"))


def test_the_database_says_where_every_sample_and_every_member_lies(store):
    samples = rows(meta(store) / "index.sqlite", "samples")
    parts = rows(meta(store) / "index.sqlite", "sample_parts")

    assert [(tar, key, index) for tar, key, index, _, _ in samples] == [
        (0, "clip-00", 0), (0, "clip-01", 1), (0, "clip-02", 2), (1, "clip-03", 0), (1, "clip-04", 1),
    ]  # fmt: skip
    assert len(parts) == 15
    tars = [Path(store.path(f"{FOLDER}/{name}.tar")).read_bytes() for name in ("000000", "000001")]
    for tar, index, name, offset, size in parts:
        if name == "mp4":
            assert tars[tar][offset : offset + size] == store.read(f"clips/clip-{3 * tar + index:02d}.mp4")


def test_shards_go_to_the_part_of_the_split_that_they_belong_to(store):
    assert json.loads((meta(store) / "split.yaml").read_text()) == {
        "split_parts": {"train": ["000000.tar"], "val": ["000001.tar"], "test": []},
        "exclude": [],
    }
    assert json.loads((meta(store) / ".info.json").read_text()) == {"shard_counts": {"000000.tar": 3, "000001.tar": 2}}


def test_equal_shards_give_equal_bytes_in_another_process_too(store, tmp_path):
    ours = meta(store).parent
    theirs = Path(shutil.copytree(ours, tmp_path / FOLDER))
    first, second = stored_shards(store, SHARDER).values()
    script = (
        "import pickle, sys\nfrom vidcurate.sharder.energon import write_energon\n"
        "from vidcurate.store.files import Store\n"
        "write_energon(Store(sys.argv[1]), sys.argv[2], pickle.loads(bytes.fromhex(sys.argv[3])))"
    )
    arguments = [str(tmp_path), FOLDER, pickle.dumps([first, replace(second, subset="val")]).hex()]
    subprocess.run([sys.executable, "-c", script, *arguments], check=True, cwd=Path(__file__).parents[2])

    files = sorted(path.relative_to(ours) for path in ours.rglob("*") if path.is_file())
    names = {path.name for path in files}
    assert {"index.sqlite", "index.uuid", ".info.json", "split.yaml", "000000.tar.idx"} <= names
    assert [(theirs / name).read_bytes() for name in files] == [(ours / name).read_bytes() for name in files]
    assert uuid.UUID((ours / ".nv-meta" / "index.uuid").read_text()).version == 5


def test_other_shards_leave_nothing_of_these(tmp_path):
    other = Store(str(tmp_path))
    samples = made_samples(other)

    packed(SHARDER, other, samples)
    packed(SHARDER, other, samples[:1])
    names = {path.name for path in meta(other).parent.rglob("*.tar.idx")}
    listed = json.loads((meta(other) / ".info.json").read_text())
    packed(SHARDER, other, [])

    assert names == {"000000.tar.idx"}
    assert listed == {"shard_counts": {"000000.tar": 1}}
    assert not list(tmp_path.rglob("*.nv-meta"))
    assert not list(tmp_path.rglob("*.tar.idx"))


@pytest.fixture
def energon():
    """Megatron-Energon, whose warnings and unclosed files are its own affair."""
    pytest.importorskip("megatron.energon", reason="needs: pip install megatron-energon", exc_type=ImportError)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield importlib.import_module("megatron.energon")
        gc.collect()


@pytest.mark.filterwarnings("ignore")
def test_energon_reads_every_sample_without_code_of_ours(energon, store):
    worker = energon.WorkerConfig(rank=0, world_size=1, num_workers=0)
    common = {"worker_config": worker, "batch_size": None}
    plain = {"shuffle_buffer_size": None, "max_samples_per_sequence": None, "repeat": False}

    path = store.path(FOLDER)
    train = energon.get_train_dataset(path, **plain, **common)
    val = energon.get_val_dataset(path, split_part="val", **common)
    read = [
        [(one.__key__, one.context, one.video.stream.read()) for one in energon.get_loader(ds)] for ds in (train, val)
    ]

    texts = [caption_of(number) for number in range(5)]
    known = [(f"clip-{number:02d}", texts[number], store.read(f"clips/clip-{number:02d}.mp4")) for number in range(5)]
    assert [sorted(part) for part in read] == [known[:3], known[3:]]


@pytest.mark.filterwarnings("ignore")
def test_a_cooker_gets_all_members(energon, store):
    @energon.stateless
    def cook(sample):
        return sample

    class Cooking(energon.DefaultTaskEncoder):
        cookers = [energon.Cooker(cook)]

    worker = energon.WorkerConfig(rank=0, world_size=1, num_workers=0)
    dataset = energon.get_val_dataset(
        store.path(FOLDER),
        split_part="val",
        dataset_config="crude.yaml",
        worker_config=worker,
        batch_size=None,
        task_encoder=Cooking(),
    )

    assert sorted(sample["json"]["clip_id"] for sample in energon.get_loader(dataset)) == ["clip-03", "clip-04"]


@pytest.mark.filterwarnings("ignore")
def test_energons_own_prepare_finds_the_same(energon, store, tmp_path):
    theirs = Path(
        shutil.copytree(store.path(FOLDER), tmp_path / "theirs", ignore=shutil.ignore_patterns(".*", "*.idx"))
    )
    prepare = [sys.executable, "-m", "megatron.energon.cli.main", "prepare", "--non-interactive", "--num-workers", "1"]
    split = ["--split-parts", "train:000000.tar", "--split-parts", "val:000001.tar"]
    subprocess.run([*prepare, *split, str(theirs)], check=True, capture_output=True)

    for table in ("samples", "sample_parts"):
        ours = rows(meta(store) / "index.sqlite", table)
        assert ours == rows(theirs / ".nv-meta" / "index.sqlite", table)
    assert schema(meta(store) / "index.sqlite") == schema(theirs / ".nv-meta" / "index.sqlite")
    for name in ("000000.tar.idx", "000001.tar.idx"):
        assert store.read(f"{FOLDER}/{name}") == (theirs / name).read_bytes()
    known = json.loads((theirs / ".nv-meta" / ".info.json").read_text())
    assert json.loads((meta(store) / ".info.json").read_text())["shard_counts"] == known["shard_counts"]


def caption_of(number: int) -> str:
    return "" if number == 1 else f"Clip {number}, “naïve”."


def schema(path: Path) -> list[str]:
    """What made the tables and indices, however it is spaced."""
    return [
        " ".join(sql.replace("(", " ( ").replace(")", " ) ").split())
        for (sql,) in rows(path, "(SELECT sql FROM sqlite_master WHERE sql IS NOT NULL)")
    ]
