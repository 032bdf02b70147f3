from __future__ import annotations

import gc
import hashlib
import io
import json
import os
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydantic
import pytest

from tests.sharder.made import made_samples, packed, three_shapes
from vidcurate.errors import MissingInput, ShapeError, VidcurateError
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.store.files import Store

FLAT = WebDataset(bins=())


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path / "dataset"))


def members(data: bytes) -> list[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return [(member.name, tar.extractfile(member).read()) for member in tar]


def tars(store: Store) -> dict[str, bytes]:
    return {key: store.read(key) for key in store.keys("webdataset", ".tar")}


def test_a_sample_is_its_json_its_caption_and_its_video_side_by_side(store):
    first, second = made_samples(store, 2)

    [shard] = packed(FLAT, store, [first, second])

    assert members(store.read(shard.files[0].key)) == [
        ("clip-00.json", json.dumps(first.metadata, sort_keys=True, ensure_ascii=False).encode()),
        ("clip-00.txt", "Clip 0, “naïve”.".encode()),
        ("clip-00.mp4", store.read("clips/clip-00.mp4")),
        ("clip-01.json", json.dumps(second.metadata, sort_keys=True, ensure_ascii=False).encode()),
        ("clip-01.txt", b""),  # no caption, but a file
        ("clip-01.mp4", store.read("clips/clip-01.mp4")),
    ]


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # webdataset leaves closing to the collector
def test_webdataset_reads_every_sample_back(store):
    from webdataset import WebDataset as Reader  # pulls torch

    samples = [
        replace(sample, vector=np.array([number, 0.5], np.float32)) for number, sample in enumerate(three_shapes(store))
    ]
    written = [store.path(shard.files[0].key) for shard in packed(WebDataset(embedding=True), store, samples)]

    reader = Reader(written, shardshuffle=False).decode().to_tuple("__key__", "mp4", "txt", "json", "npy")
    read = {key: (media, caption, metadata, vector.tolist()) for key, media, caption, metadata, vector in reader}
    gc.collect()

    assert read == {
        sample.key: (store.read(sample.media), sample.caption, sample.metadata, sample.vector.tolist())
        for sample in samples
    }


def test_embeddings_are_asked_for_only_if_they_are_packed():
    assert not WebDataset().wants_vectors
    assert WebDataset(embedding=True).wants_vectors


def test_without_checksums_the_bytes_are_the_same(store):
    [shard] = packed(FLAT, store, made_samples(store))
    before = {file.key: store.read(file.key) for file in shard.files}

    [unhashed] = packed(WebDataset(bins=(), checksums=False), store, made_samples(store))

    assert [file.sha256 for file in unhashed.files] == ["", "", ""]
    assert {file.key: store.read(file.key) for file in unhashed.files} == before


def test_every_shape_and_length_has_a_folder_and_nothing_is_dropped(store):
    shards = packed(WebDataset(), store, three_shapes(store))

    assert [(shard.files[0].key, shard.num_samples) for shard in shards] == [
        ("webdataset/v0/resolution_1080/aspect_ratio_9_16/duration_5_10/000000.tar", 1),
        ("webdataset/v0/resolution_720/aspect_ratio_16_9/duration_0_5/000000.tar", 1),
        ("webdataset/v0/resolution_720/aspect_ratio_16_9/duration_5_10/000000.tar", 1),
    ]


def test_bins_can_be_chosen(store):
    shards = packed(WebDataset(bins=("duration",)), store, three_shapes(store))

    assert [(shard.files[0].key, shard.num_samples) for shard in shards] == [
        ("webdataset/v0/duration_0_5/000000.tar", 1),
        ("webdataset/v0/duration_5_10/000000.tar", 2),
    ]


def test_no_shard_of_several_samples_passes_the_target(store):
    # A sample with a caption takes 3 headers of 512 bytes, 1024 for .json and .txt, 3072 for 3000 to 3005 bytes: 5632.
    # Two blocks of 512 end a tar: three samples make 17920 bytes, two 12288, one 6656.
    samples = [sample for sample in made_samples(store, 6) if sample.caption]

    shards = packed(WebDataset(bins=(), target_bytes=17920), store, samples)
    one_less = packed(WebDataset(bins=(), target_bytes=17919), store, samples)

    assert [(shard.num_samples, shard.files[0].num_bytes) for shard in shards] == [(3, 17920), (2, 12288)]
    assert [(shard.num_samples, shard.files[0].num_bytes) for shard in one_less] == [(2, 12288)] * 2 + [(1, 6656)]


def test_a_sample_larger_than_the_target_has_a_shard_of_its_own(store):
    shards = packed(WebDataset(bins=(), target_bytes=1), store, made_samples(store, 3))

    assert [shard.num_samples for shard in shards] == [1, 1, 1]


def test_bytes_depend_on_neither_the_clock_nor_the_files_nor_the_order(store):
    samples = made_samples(store)
    sharder = WebDataset(target_bytes=20480)
    packed(sharder, store, samples)
    before = tars(store)

    for number, sample in enumerate(samples):
        path = Path(store.path(sample.media))
        path.chmod(0o600)
        os.utime(path, (number, number))
    packed(sharder, store, samples[::-1])

    assert len(before) == 2
    assert tars(store) == before


def test_members_carry_no_trace_of_the_machine(store):
    [shard] = packed(FLAT, store, made_samples(store, 1))

    with tarfile.open(store.path(shard.files[0].key)) as tar:
        facts = {(entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname, entry.mode) for entry in tar}

    assert facts == {(0, 0, 0, "", "", 0o644)}


def test_the_index_lists_every_shard_with_its_checksum(store):
    shards = packed(WebDataset(bins=("duration",)), store, three_shapes(store))

    index = store.read_json("webdataset/v0/index.json")

    assert [entry["path"] for entry in index["shards"]] == ["duration_0_5/000000.tar", "duration_5_10/000000.tar"]
    assert [entry["bins"] for entry in index["shards"]] == [{"duration": "0_5"}, {"duration": "5_10"}]
    assert [entry["duration"] for entry in index["shards"]] == [3.0, 16.0]
    for entry, shard in zip(index["shards"], shards, strict=True):
        data = store.read(f"webdataset/v0/{entry['path']}")
        assert entry["sha256"] == shard.files[0].sha256 == hashlib.sha256(data).hexdigest()
        assert entry["num_bytes"] == shard.files[0].num_bytes == len(data)
    totals = {name: index[name] for name in ("num_shards", "num_samples", "num_bytes", "duration")}
    assert totals == {"num_shards": 2, "num_samples": 3, "num_bytes": 6656 + 11776, "duration": 19.0}


def test_shards_go_to_any_file_system(tmp_path):
    local, memory = Store(str(tmp_path)), Store(f"memory://{tmp_path.name}")

    packed(FLAT, local, made_samples(local))
    packed(FLAT, memory, made_samples(memory))

    assert tars(memory) == tars(local)


@pytest.mark.parametrize("key", ["clip.01", "a/b", ""])
def test_a_key_that_loaders_would_misread_is_refused(store, key):
    [sample] = made_samples(store, 1)

    with pytest.raises(ShapeError, match="key"):
        packed(FLAT, store, [replace(sample, key=key)])


def test_a_key_that_comes_twice_is_refused(store):
    [sample] = made_samples(store, 1)

    with pytest.raises(ShapeError, match="twice"):
        packed(FLAT, store, [sample, sample])


def test_a_clip_that_is_gone_or_has_changed_is_said_by_name(store):
    [sample] = made_samples(store, 1)

    with pytest.raises(VidcurateError, match=r"clip-00\.mp4 has 3000 bytes, but the tables say 2999"):
        packed(FLAT, store, [replace(sample, num_bytes=2999)])
    store.remove(sample.media)
    with pytest.raises(MissingInput, match=r"clip-00\.mp4"):
        packed(FLAT, store, [sample])

    assert store.keys("webdataset") == []


@pytest.mark.parametrize("settings", [{"target_bytes": 0}, {"bins": ("colour",)}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(pydantic.ValidationError):
        WebDataset(**settings)
