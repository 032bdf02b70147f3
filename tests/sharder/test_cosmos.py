from __future__ import annotations

import json
import pickle
import tarfile
from dataclasses import replace

import numpy as np
import pytest

from tests.sharder.made import made_samples, packed, three_shapes
from vidcurate.errors import MissingInput, MissingWeights, VidcurateError
from vidcurate.sharder.base import Sample
from vidcurate.sharder.cosmos import Cosmos
from vidcurate.store.files import Store

BIN = "resolution_720/aspect_ratio_16_9/duration_5_10"


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path / "dataset"))


def members(store: Store, key: str) -> dict[str, bytes]:
    with tarfile.open(store.path(f"cosmos/v0/{key}")) as tar:
        assert {(entry.mtime, entry.uid, entry.uname, entry.mode) for entry in tar} == {(0, 0, "", 0o644)}
        return {entry.name: tar.extractfile(entry).read() for entry in tar}


def windowed(sample: Sample, *captions: str) -> Sample:
    windows = [{"start_frame": 0, "end_frame": 9, "caption": caption} for caption in captions]
    return replace(sample, metadata={**sample.metadata, "windows": windows})


def test_tars_of_videos_metadata_and_embeddings_hold_the_same_clips_in_one_order(store, tiny):
    first, second = made_samples(store, 2)
    first = windowed(first, "A dog.", "", "It runs.")

    [shard] = packed(Cosmos(model=tiny("t5")), store, [second, first])

    keys = [f"{BIN}/{kind}/part_000000/000000.tar" for kind in ("video", "metas", "t5_xxl")]
    assert [file.key for file in shard.files[:-1]] == [f"cosmos/v0/{key}" for key in keys]
    videos, metas, embeddings = (members(store, key) for key in keys)
    assert videos == {f"{sample.key}.mp4": store.read(sample.media) for sample in (first, second)}
    assert list(metas) == ["clip-00.json", "clip-01.json"]
    said = json.loads(metas["clip-00.json"])
    assert said == {**first.metadata, "span_uuid": "clip-00"}
    assert list(embeddings) == ["clip-00.pickle", "clip-01.pickle"]
    three, one = (pickle.loads(data) for data in embeddings.values())
    assert [(vectors.dtype, vectors.shape[1]) for vectors in [*three, *one]] == [(np.float16, 32)] * 4
    assert [len(vectors) for vectors in three] == [8, 1, 10]  # "▁a▁dog.", letters and the end of the text
    assert [len(vectors) for vectors in one] == [1]  # no caption, no window: an empty text
    assert np.array_equal(three[1], one[0])


def test_without_a_model_there_are_no_embeddings(store):
    [shard] = packed(Cosmos(), store, made_samples(store, 1))

    assert [file.key.split("/")[-3] for file in shard.files[:-1]] == ["video", "metas"]


def test_parts_hold_a_number_of_tars_each_and_wdinfo_lists_them_relative_to_the_dataset(store):
    # A video takes a header of 512 bytes and 3072: two in 7168, and 1024 close the tar.
    sharder = Cosmos(shuffle=False, target_bytes=8192, max_tars_per_part=2)

    packed(sharder, store, [*made_samples(store, 6), replace(three_shapes(store)[1], key="portrait")])

    portrait = "resolution_1080/aspect_ratio_9_16/duration_5_10"
    assert store.read("cosmos/v0/wdinfo_list.csv").decode().splitlines() == [
        f"{portrait}/wdinfo.json",
        f"{BIN}/wdinfo.json",
    ]
    info = store.read_json(f"cosmos/v0/{BIN}/wdinfo.json")
    assert info == {
        "data_keys": ["video", "metas"],
        "chunk_size": 2,
        "data_list": ["part_000000/000000.tar", "part_000000/000001.tar", "part_000001/000000.tar"],
        "root": BIN,
        "total_key_count": 6,
    }
    found = [list(members(store, f"{info['root']}/video/{tar}")) for tar in info["data_list"]]
    assert found == [[f"clip-{n:02d}.mp4", f"clip-{n + 1:02d}.mp4"] for n in (0, 2, 4)]


def test_metadata_have_the_names_of_the_reference_too(store):
    [sample] = made_samples(store, 1)
    ours = {"clip_id": "clip-00", "start": 1.0, "end": 3.0, "fps": 25.0, "codec": "h264"}

    packed(Cosmos(bins=()), store, [replace(sample, metadata=ours)])

    said = json.loads(members(store, "metas/part_000000/000000.tar")["clip-00.json"])
    theirs = {"span_uuid": "clip-00", "duration_span": [1.0, 3.0], "framerate": 25.0, "video_codec": "h264"}
    assert said == ours | theirs
    assert store.read_json("cosmos/v0/wdinfo.json")["root"] == ""


def test_a_clip_that_is_gone_or_has_changed_is_said_by_name(store):
    [sample] = made_samples(store, 1)

    with pytest.raises(VidcurateError, match=r"clip-00\.mp4 has 3000 bytes, but the tables say 2999"):
        packed(Cosmos(), store, [replace(sample, num_bytes=2999)])
    store.remove(sample.media)
    with pytest.raises(MissingInput, match=r"clip-00\.mp4"):
        packed(Cosmos(), store, [sample])

    assert store.keys("cosmos") == []


def test_an_encoder_that_is_not_there_is_said_before_any_work(tiny):
    with pytest.raises(MissingWeights, match="hf download google-t5/t5-11b --local-dir"):
        Cosmos(model="./models/t5").check()
