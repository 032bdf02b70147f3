from __future__ import annotations

import io
import json
import math
import tarfile

import numpy as np
import pyarrow as pa
import pytest

from tests.stage.cut import cut, decisions
from vidcurate.errors import MissingInput
from vidcurate.runtime.local import Local
from vidcurate.sharder.plan import plan
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.stage.samples import samples
from vidcurate.stage.shard import Whole, shard
from vidcurate.stage.vectors import Vectors
from vidcurate.store.files import Store

SHARDER = WebDataset(bins=())


def captions(*rows: tuple[str, int, str]) -> list[dict[str, object]]:
    return [{"clip_id": clip, "start_frame": at, "end_frame": at + 24, "caption": text} for clip, at, text in rows]


def keys(*arguments) -> list[str]:
    return [sample.key for sample in samples(*arguments, SHARDER)]


def test_a_sample_says_all_that_is_known_of_its_clip():
    said = captions(("a", 0, "A dog."), ("a", 25, ""), ("a", 30, "It runs."))
    scores = [("a", "motion", "global", 0.5), ("a", "luma", "mean", 90.0)]

    [sample] = samples(cut(["a"], captions=said, scores=scores), None, SHARDER)

    assert (sample.key, sample.media, sample.num_bytes) == ("a", "clips/a.mp4", 1000)
    assert (sample.width, sample.height, sample.duration) == (320, 176, 2.0)
    assert sample.caption == "A dog. It runs."
    assert sample.metadata == {
        "clip_id": "a",
        "video_id": "v1",
        "source_video": "a/v1.mp4",  # not the copy of it
        "license": "CC-BY-4.0",
        "start": 1.0,
        "end": 3.0,
        "duration": 2.0,
        "width": 320,
        "height": 176,
        "fps": 25.0,
        "num_frames": 50,
        "codec": "h264",
        "num_bytes": 1000,
        "has_audio": False,
        "caption": "A dog. It runs.",
        "windows": [
            {"start_frame": 0, "end_frame": 24, "caption": "A dog."},
            {"start_frame": 25, "end_frame": 49, "caption": ""},
            {"start_frame": 30, "end_frame": 54, "caption": "It runs."},
        ],
        "scores": {"luma.mean": 90.0, "motion.global": 0.5},
        "subset": "train",
        "bins": {"resolution": "lt_720", "aspect": "16_9", "duration": "0_5"},
    }


def test_windows_come_in_the_order_of_their_frames_and_enhanced_captions_before_plain_ones():
    plain = captions(("a", 25, "then"), ("a", 0, "first"))

    [sample] = samples(cut(["a"], captions=[plain[0] | {"enhanced_caption": "THEN"}, plain[1]]), None, SHARDER)

    assert sample.caption == "first THEN"
    assert [window["caption"] for window in sample.metadata["windows"]] == ["first", "THEN"]


def test_what_is_not_known_of_a_clip_has_its_key_all_the_same():
    scores = [("a", "blur", "sharpness", 2.0), ("c", "blur", "sharpness", math.nan)]

    made = samples(cut(["a", "b", "c"], captions=captions(("a", 0, "A dog.")), scores=scores), None, SHARDER)

    assert [sample.caption for sample in made] == ["A dog.", "", ""]
    assert [sample.metadata["scores"] for sample in made] == [
        {"blur.sharpness": 2.0},
        {"blur.sharpness": None},
        {"blur.sharpness": None},  # JSON has no NaN
    ]
    assert len({tuple(sample.metadata) for sample in made}) == 1


def test_filtered_clips_and_duplicates_are_left_out():
    tables = cut(["d", "a", "b", "c"], filtered=["c"])

    assert keys(tables, None) == ["a", "b", "d"]
    assert keys(tables, decisions({"a": "a", "b": "a", "d": "d"})) == ["a", "d"]


def test_a_clip_that_dedup_has_not_seen_is_an_error():
    with pytest.raises(MissingInput, match=r"1 of 2 clips: dedup is older than the split\. Run \+experiment=dedup"):
        keys(cut(["a", "b"]), decisions({"a": "a"}))


def test_a_duplicate_of_a_clip_that_is_filtered_since_is_an_error():
    with pytest.raises(MissingInput, match="1 clips duplicate clips that are no longer in the dataset"):
        keys(cut(["a", "b"], filtered=["a"]), decisions({"a": "a", "b": "a"}))


def test_clips_that_another_dataset_knows_and_their_copies_are_left_out():
    assert keys(cut(["a", "b", "c"]), decisions({"a": "theirs", "b": "a", "c": "c"})) == ["c"]


def test_decisions_on_clips_that_are_gone_do_no_harm():
    assert keys(cut(["a"]), decisions({"a": "a", "gone": "gone"})) == ["a"]


def test_a_sample_has_the_subset_of_its_video_and_the_vector_of_its_clip():
    tables = cut({"a": "v1", "b": "v2"})
    vectors = Vectors(ids=pa.array(["a", "b"]), matrix=np.eye(2, dtype=np.float32), digest="")

    first, second = samples(tables, None, SHARDER, {"v1": "val", "v2": "train"}, vectors)

    assert (first.subset, first.metadata["subset"], second.subset) == ("val", "val", "train")
    assert (first.vector.tolist(), second.vector.tolist()) == ([1.0, 0.0], [0.0, 1.0])


def test_what_the_tables_say_is_what_the_tar_says(tmp_path):
    store = Store(str(tmp_path))
    store.write("clips/a.mp4", bytes(1000))
    made = samples(cut({"a": "é"}, captions=captions(("a", 0, "A dog."))), decisions({"a": "a"}), SHARDER)

    shard(store, store, plan(made, SHARDER, 0), SHARDER, Whole(cut="cut"), Local())

    with tarfile.open(fileobj=io.BytesIO(store.read("webdataset/v0/000000.tar"))) as tar:
        metadata = json.load(tar.extractfile("a.json"))
        caption = tar.extractfile("a.txt").read()
    assert metadata == made[0].metadata
    assert (metadata["source_video"], caption) == ("a/é.mp4", b"A dog.")
