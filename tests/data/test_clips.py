from __future__ import annotations

import pickle

import numpy as np
import pytest

from tests.data.made import made_dataset
from tests.media import read_number
from vidcurate.data.clips import Clips
from vidcurate.data.frames import View
from vidcurate.data.shards import Shards
from vidcurate.errors import DecodeError, MissingInput, ShapeError
from vidcurate.store.files import Store

VIEW = View(frames=3)


@pytest.fixture
def store(clips, tmp_path) -> Store:
    return made_dataset(Store(str(tmp_path)), [clips[0], b"no video", clips[2]])


def clips_of(store: Store, **options) -> Clips:
    shards = Shards(store.root)
    return pickle.loads(pickle.dumps(Clips(shards, shards.listed("train"), VIEW, **options)))


def all_rows(store: Store) -> np.ndarray:
    shards = Shards(store.root)
    sizes = enumerate(shard.num_samples for shard in shards.listed("train"))
    return np.array([(shard, row) for shard, size in sizes for row in range(size)], np.int32)


def test_a_batch_has_the_frames_captions_and_metadata_of_its_samples(dataset):
    samples = all_rows(dataset)[[8, 0, 5]]

    batch, broken = clips_of(dataset).read(samples)

    assert broken == 0
    assert batch["video"].shape == (3, 3, 3, 32, 160)
    assert [metadata["clip_id"] for metadata in batch["metadata"]] == batch["key"]
    assert [metadata["caption"] for metadata in batch["metadata"]] == batch["caption"]
    assert len(set(batch["key"])) == 3
    for key, video in zip(batch["key"], batch["video"], strict=True):
        count = 12 + int(key[-2:]) % 3
        middles = [int((n + 0.5) * count / 3) for n in range(3)]
        assert [read_number(image.permute(1, 2, 0).numpy()) for image in video] == middles


def test_a_clip_that_cannot_be_decoded_is_left_out_with_a_line_in_the_log(store, caplog):
    batch, broken = clips_of(store).read(all_rows(store))

    assert broken == 1
    assert sorted(batch["key"]) == ["clip-00", "clip-02"]
    assert "clip-01 is left out" in caplog.text


def test_or_stops_the_training_if_asked(store):
    with pytest.raises(DecodeError, match=r"\.tar: clip-01: "):
        clips_of(store, on_error="raise").read(all_rows(store))


def test_a_table_that_does_not_fit_its_tar_is_an_error(store):
    shards = Shards(store.root)
    shard = shards.listed("train")[0]
    table = shards.table(shard)
    shards.store.write_table(shard.beside(".parquet"), table.set_column(0, "key", table["key"].take([1, 2, 0])))

    with pytest.raises(ShapeError, match=r"000000\.tar: where its table has 'clip-.*' there is 'clip-.*'"):
        clips_of(store).read(all_rows(store))


def test_a_shard_that_is_gone_is_named(store):
    clips, samples = clips_of(store), all_rows(store)[[0]]
    clips.read(samples)
    for key in store.keys("webdataset/v0", ".tar") + store.keys("webdataset/v0", ".parquet"):
        store.remove(key)

    for reader in (clips, clips_of(store)):
        with pytest.raises(MissingInput, match=r"000000\.tar is listed in index\.json but is not there"):
            reader.read(samples)
