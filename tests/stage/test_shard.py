from __future__ import annotations

import io
import json
import tarfile

import pyarrow as pa
import pytest

from tests.sharder.made import made_samples
from vidcurate.errors import MissingInput
from vidcurate.runtime.local import Local
from vidcurate.sharder.base import Sample
from vidcurate.sharder.plan import plan
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.stage.shard import samples, shard
from vidcurate.store.commit import RECORD
from vidcurate.store.files import Store
from vidcurate.table import CAPTIONS, CLIPS, DECISIONS, VIDEOS, table

SHARDER = WebDataset(bins=())


def videos() -> pa.Table:
    copy = {"video_id": "v1", "uri": "copy.mp4", "status": "duplicate"}
    return table(VIDEOS, [{"video_id": "v1", "uri": "a/é.mp4", "status": "processed", "license": "CC-BY-4.0"}, copy])


def clips(*names: str, filtered: tuple[str, ...] = ()) -> pa.Table:
    shape = {"width": 320, "height": 176, "fps": 25.0, "num_frames": 50, "codec": "h264", "num_bytes": 1000}
    return table(
        CLIPS,
        (
            {"clip_id": name, "video_id": "v1", "uri": f"clips/{name}.mp4", "kept": name not in filtered}
            | {"start": 1.0, "end": 3.0, "duration": 2.0, "has_audio": False}
            | shape
            for name in names
        ),
    )


def decisions(**groups: str) -> pa.Table:
    """`b="a"` drops b in favour of a; `a="a"` keeps a."""
    return table(
        DECISIONS,
        (
            {"id": name, "kept": name == group, "group_id": group, "witness_id": None if name == group else group}
            for name, group in groups.items()
        ),
    )


def captions(*rows: tuple[str, int, str]) -> pa.Table:
    return table(CAPTIONS, ({"clip_id": clip, "start_frame": start, "caption": text} for clip, start, text in rows))


def packed(store: Store, made: list[Sample], sharder: WebDataset = SHARDER, cut: str = "cut") -> dict[str, int]:
    return shard(store, store, plan(made, sharder, 0), sharder, cut, Local())


def keys(*arguments: pa.Table | None) -> list[str]:
    return [sample.key for sample in samples(*arguments)]


def test_a_sample_says_all_that_is_known_of_its_clip():
    [sample] = samples(videos(), clips("a"), captions(("a", 0, "A dog."), ("a", 25, ""), ("a", 30, "It runs.")), None)

    assert (sample.key, sample.media, sample.num_bytes) == ("a", "clips/a.mp4", 1000)
    assert (sample.width, sample.height, sample.duration) == (320, 176, 2.0)
    assert sample.caption == "A dog. It runs."
    assert sample.metadata == {
        "clip_id": "a",
        "video_id": "v1",
        "source_video": "a/é.mp4",  # not the copy of it
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
    }


def test_windows_are_joined_in_the_order_of_their_frames():
    [sample] = samples(videos(), clips("a"), captions(("a", 25, "then"), ("a", 0, "first")), None)

    assert sample.caption == "first then"


def test_a_clip_without_a_caption_is_a_sample_all_the_same():
    [captioned, bare] = samples(videos(), clips("a", "b"), captions(("a", 0, "A dog.")), None)

    assert bare.caption == ""
    assert bare.metadata.keys() == captioned.metadata.keys()


def test_filtered_clips_and_duplicates_are_left_out():
    cut = clips("d", "a", "b", "c", filtered=("c",))

    assert keys(videos(), cut, captions(), None) == ["a", "b", "d"]
    assert keys(videos(), cut, captions(), decisions(a="a", b="a", d="d")) == ["a", "d"]


def test_a_clip_that_dedup_has_not_seen_is_an_error():
    with pytest.raises(MissingInput, match=r"1 of 2 clips: dedup is older than the split\. Run \+experiment=dedup"):
        samples(videos(), clips("a", "b"), captions(), decisions(a="a"))


def test_a_duplicate_of_a_clip_that_is_filtered_since_is_an_error():
    with pytest.raises(MissingInput, match="1 clips duplicate clips that are no longer in the dataset"):
        samples(videos(), clips("a", "b", filtered=("a",)), captions(), decisions(a="a", b="a"))


def test_decisions_on_clips_that_are_gone_do_no_harm():
    assert keys(videos(), clips("a"), captions(), decisions(a="a", gone="gone")) == ["a"]


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


def test_what_the_tables_say_is_what_the_tar_says(tmp_path):
    store = Store(str(tmp_path))
    store.write("clips/a.mp4", bytes(1000))

    packed(store, samples(videos(), clips("a"), captions(("a", 0, "A dog.")), decisions(a="a")))

    with tarfile.open(fileobj=io.BytesIO(store.read("webdataset/v0/000000.tar"))) as tar:
        metadata = json.load(tar.extractfile("a.json"))
        caption = tar.extractfile("a.txt").read()
    assert metadata["source_video"] == "a/é.mp4"
    assert caption == b"A dog."
