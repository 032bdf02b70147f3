from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pydantic
import pytest

from tests.sharder.made import made_samples, packed, packed_apart, three_shapes
from vidcurate.errors import MissingInput, VidcurateError
from vidcurate.sharder.base import Sample
from vidcurate.sharder.litdata import Litdata
from vidcurate.store.files import Store


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path / "dataset"))


@pytest.fixture
def dataset() -> Callable[..., Any]:
    """`dataset(folder, ...)` opens a folder as litdata does."""
    litdata = pytest.importorskip("litdata", reason="needs vidcurate[litdata]")
    return litdata.StreamingDataset


def items(store: Store, samples: list[Sample]) -> list[dict[str, Any]]:
    return [
        {
            "key": sample.key,
            "caption": sample.caption,
            "json": json.dumps(sample.metadata, sort_keys=True, ensure_ascii=False),
            "mp4": store.read(sample.media),
        }
        for sample in samples
    ]


def test_a_chunk_is_a_count_offsets_and_items_of_sized_fields(store):
    samples = made_samples(store, 2)
    fields = [
        [item if isinstance(item, bytes) else item.encode() for item in row.values()] for row in items(store, samples)
    ]

    [shard] = packed(Litdata(shuffle=False), store, samples)
    chunk = store.read(shard.files[0].key)
    count, *offsets = np.frombuffer(chunk[:16], "<u4").tolist()

    assert shard.files[0].key == "litdata/v0/chunk-000000.bin"
    assert (count, offsets[0], offsets[-1]) == (2, 16, len(chunk))
    assert len(chunk) == sum(map(Litdata().size, samples)) + Litdata.closing
    for start, end, row in zip(offsets, offsets[1:], fields, strict=False):
        assert chunk[start:end] == np.array([len(field) for field in row], "<u4").tobytes() + b"".join(row)


def test_no_chunk_passes_the_target(store):
    samples = made_samples(store)
    size = sum(map(Litdata().size, samples[:3])) + Litdata.closing

    exact = packed(Litdata(shuffle=False, target_bytes=size), store, samples)
    below = packed(Litdata(shuffle=False, target_bytes=size - 1), store, samples)

    assert exact[0].files[0].num_bytes == size
    assert [shard.num_samples for shard in exact] == [3, 2]
    assert [shard.num_samples for shard in below] == [2, 2, 1]


def test_the_index_of_the_root_serves_vidcurate_and_litdata(store):
    packed(Litdata(shuffle=False, target_bytes=7000), store, made_samples(store))

    index = store.read_json("litdata/v0/index.json")

    assert (index["num_shards"], index["num_samples"]) == (3, 5)
    assert [(chunk["filename"], chunk["chunk_size"]) for chunk in index["chunks"]] == [
        ("chunk-000000.bin", 2),
        ("chunk-000001.bin", 2),
        ("chunk-000002.bin", 1),
    ]
    assert index["config"]["data_format"] == ["str", "str", "str", "file"]


def test_other_contents_are_another_version_to_litdatas_cache(store):
    samples = made_samples(store)
    versions = []
    for chosen in (samples, samples[:4], samples):
        packed(Litdata(shuffle=False), store, chosen)
        versions.append(store.read_json("litdata/v0/index.json")["updated_at"])

    assert versions[0] == versions[2] != versions[1]


def test_a_clip_that_is_gone_or_has_changed_is_said_by_name(store):
    [sample] = made_samples(store, 1)

    with pytest.raises(VidcurateError, match=r"clip-00\.mp4 has 3000 bytes, but the tables say 2999"):
        packed(Litdata(shuffle=False), store, [replace(sample, num_bytes=2999)])
    store.remove(sample.media)
    with pytest.raises(MissingInput, match=r"clip-00\.mp4"):
        packed(Litdata(shuffle=False), store, [sample])

    assert store.keys("litdata") == []


def test_a_clip_that_offsets_do_not_reach_is_refused(store):
    [sample] = made_samples(store, 1)

    with pytest.raises(VidcurateError, match=r"clip-00\.mp4 has 4294967296 bytes"):
        packed(Litdata(shuffle=False), store, [replace(sample, num_bytes=2**32)])
    with pytest.raises(pydantic.ValidationError):
        Litdata(target_bytes=2**32)


def test_litdata_reads_every_sample_back(store, dataset):
    samples = made_samples(store)
    packed(Litdata(shuffle=False, target_bytes=7000), store, samples)

    read = list(dataset(store.path("litdata/v0")))
    shuffled = list(dataset(store.path("litdata/v0"), shuffle=True))

    assert read == items(store, samples)
    assert {type(row["mp4"]) for row in read} == {bytes}
    assert sorted(shuffled, key=lambda row: row["key"]) == read


def test_litdata_opens_a_subset_and_a_folder_of_bins_by_itself(store, dataset):
    samples = three_shapes(store)
    packed_apart(Litdata(shuffle=False), store, train=samples[:2], val=samples[2:])
    subsets = [list(dataset(store.path(f"litdata/v0/{name}"))) for name in ("train", "val")]
    index = store.read_json("litdata/v0/index.json")

    packed(Litdata(shuffle=False, bins=("duration", "aspect")), store, samples)
    all_bins = list(dataset(store.path("litdata/v0")))
    wide = list(dataset(store.path("litdata/v0/aspect_ratio_16_9")))
    names = [PurePosixPath(key).name for key in store.keys("litdata", ".bin")]

    assert subsets == [items(store, samples[:2]), items(store, samples[2:])]
    assert "chunks" not in index
    assert sorted(row["key"] for row in all_bins) == ["clip-00", "clip-01", "clip-02"]
    assert [row["key"] for row in wide] == ["clip-00", "clip-02"]
    assert len(set(names)) == 3


def test_litdata_resumes_in_the_middle_of_an_epoch(store, dataset):
    from litdata import StreamingDataLoader

    packed(Litdata(shuffle=False, target_bytes=7000), store, made_samples(store, 8))
    folder = store.path("litdata/v0")

    whole = [batch["key"] for batch in StreamingDataLoader(dataset(folder, shuffle=True), batch_size=2, num_workers=0)]
    loader = StreamingDataLoader(dataset(folder, shuffle=True), batch_size=2, num_workers=0)
    batches = iter(loader)
    seen = [next(batches)["key"] for _ in range(2)]
    state = loader.state_dict()
    again = StreamingDataLoader(dataset(folder, shuffle=True), batch_size=2, num_workers=0)
    again.load_state_dict(state)

    assert seen == whole[:2]
    assert [batch["key"] for batch in again] == whole[2:]
