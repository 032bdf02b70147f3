from __future__ import annotations

import pytest

from tests.sharder.made import made_samples, packed
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.sharder.wids import write_wids
from vidcurate.store.files import Store

INDEX = "webdataset/v0/wids.json"


def made(store: Store) -> None:
    """Five samples in as many shards."""
    samples = made_samples(store)
    write_wids(
        store,
        "webdataset/v0",
        packed(WebDataset(shuffle=False, bins=("duration",), target_bytes=10240), store, samples),
    )


def test_every_shard_is_listed_with_its_samples_and_bytes(tmp_path):
    store = Store(str(tmp_path))

    made(store)

    assert store.read_json(INDEX) == {
        "__kind__": "wids-shard-index-v1",
        "wids_version": 1,
        "shardlist": [
            {"url": f"duration_5_10/{number:06d}.tar", "nsamples": 1, "filesize": len(store.read(key))}
            for number, key in enumerate(store.keys("webdataset/v0", ".tar"))
        ],
    }


def test_no_shards_leave_no_list(tmp_path):
    store = Store(str(tmp_path))
    made(store)

    write_wids(store, "webdataset/v0", [])

    assert not store.exists(INDEX)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # wids leaves closing to the collector
def test_wids_reads_any_sample_by_its_number(tmp_path):
    wids = pytest.importorskip("wids", reason="needs: pip install wids", exc_type=ImportError)
    store = Store(str(tmp_path))
    made(store)

    dataset = wids.ShardListDataset(store.path(INDEX), localname=lambda url: url, transformations=[])
    read = {number: dataset[number] for number in (3, 0, 4)}
    dataset.close()

    assert len(dataset) == 5
    for number, sample in read.items():
        assert sample["__key__"] == f"clip-{number:02d}"
        assert sample[".mp4"].read() == store.read(f"clips/clip-{number:02d}.mp4")
