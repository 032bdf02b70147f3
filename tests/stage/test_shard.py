from __future__ import annotations

import pytest

from tests.sharder.made import made_samples
from vidcurate.runtime.local import Local
from vidcurate.sharder.base import Sample
from vidcurate.sharder.plan import plan
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.stage.shard import Whole, shard
from vidcurate.store.commit import RECORD
from vidcurate.store.files import Store

SHARDER = WebDataset(bins=())


def packed(store: Store, made: list[Sample], sharder: WebDataset = SHARDER, cut: str = "cut") -> dict[str, int]:
    return shard(store, store, plan(made, sharder, 0), sharder, Whole(cut=cut), Local())


def test_the_same_samples_are_packed_once(tmp_path, caplog):
    store = Store(str(tmp_path))
    made = made_samples(store, 3)
    first = packed(store, made)
    [key] = store.keys("webdataset", ".tar")
    size = sum(len(store.read(f"webdataset/v0/000000.{suffix}")) for suffix in ("tar", "parquet", "idx"))
    store.write(key, b"untouched")

    with caplog.at_level("INFO"):
        second = packed(store, made)

    assert first == second == {"shards": 1, "samples": 3, "bytes": size}
    assert store.read(key) == b"untouched"
    assert "up to date, 3 clips in 1 shards" in caplog.text


@pytest.mark.parametrize("change", ["samples", "caption", "sharder", "cut"])
def test_whatever_changes_is_packed_anew_and_nothing_stale_stays(tmp_path, change):
    store = Store(str(tmp_path))
    made = made_samples(store, 3)
    packed(store, made, WebDataset(bins=(), target_bytes=1))
    store.write("webdataset/v0/000003.tar", b"of a run with more clips")
    captioned = [*made[:2], made_samples(store, 3)[2]]
    captioned[2].metadata["caption"] = "new"

    changed = {
        "samples": (made[:2], WebDataset(bins=(), target_bytes=1), "cut"),
        "caption": (captioned, WebDataset(bins=(), target_bytes=1), "cut"),
        "sharder": (made, SHARDER, "cut"),
        "cut": (made, WebDataset(bins=(), target_bytes=1), "another cut"),
    }
    counts = packed(store, *changed[change])

    expected = {"samples": 2, "caption": 3, "sharder": 1, "cut": 3}
    assert counts["shards"] == expected[change]
    assert store.keys("webdataset", ".tar") == [f"webdataset/v0/{n:06d}.tar" for n in range(expected[change])]


def test_a_killed_run_is_finished_to_the_same_bytes(tmp_path, monkeypatch):
    store = Store(str(tmp_path))
    made = made_samples(store, 4)
    sharder = WebDataset(bins=(), target_bytes=1)
    packed(store, made, sharder)
    undisturbed = {key: store.read(key) for key in [*store.keys("webdataset"), f"webdataset/v0/{RECORD}"]}
    store.remove("webdataset")

    put = Store.put

    def killed(self, local, key):
        if key.endswith("000002.tar"):
            raise KeyboardInterrupt
        put(self, local, key)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            packed(store, made, sharder)
    after_kill = store.keys("webdataset", ".tar")
    packed(store, made, sharder)

    assert len(after_kill) == 2
    assert {key: store.read(key) for key in [*store.keys("webdataset"), f"webdataset/v0/{RECORD}"]} == undisturbed


def test_a_dataset_of_which_nothing_is_left_says_so(tmp_path, caplog):
    store = Store(str(tmp_path))

    counts = packed(store, [])

    assert counts == {"shards": 0, "samples": 0, "bytes": 0}
    assert "no clip is left" in caplog.text
