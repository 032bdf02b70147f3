from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pydantic
import pytest

from tests.media import read_number
from tests.sharder.made import made_samples, packed, packed_apart
from vidcurate.errors import MissingInput, ShapeError, VidcurateError
from vidcurate.sharder.base import Sample
from vidcurate.sharder.parquet import Parquet
from vidcurate.store.files import Store

CLIP = {"video_id": "v", "width": 1280, "fps": 25.0, "has_audio": None}
MORE = {"scores": {"motion.motion": 1, "text.text": None}, "windows": [], "bins": {"duration": "5_10"}, "note": None}


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path / "dataset"))


def opened(store: Store, sharder: Parquet, samples: Sequence[Sample]) -> pq.ParquetFile:
    [shard] = packed(sharder, store, samples)
    return pq.ParquetFile(store.path(shard.files[0].key))


def saying(sample: Sample, more: Mapping[str, Any]) -> Sample:
    return replace(sample, metadata={**sample.metadata, **more})


def test_a_table_holds_the_metadata_and_the_clips_byte_for_byte(store):
    samples = made_samples(store)

    table = opened(store, Parquet(shuffle=False), samples).read()

    assert table.drop_columns("video").to_pylist() == [sample.metadata for sample in samples]
    assert table["video"].to_pylist() == [
        {"bytes": store.read(sample.media), "path": f"{sample.key}.mp4"} for sample in samples
    ]


def test_clips_can_stay_where_they_are(store):
    samples = made_samples(store)

    table = opened(store, Parquet(shuffle=False, media="paths"), samples).read()

    assert [store.read(path) for path in table["video"].to_pylist()] == [store.read(each.media) for each in samples]


def test_a_row_group_stays_within_its_bound_and_clips_are_stored_as_they_are(store):
    # Clips of 3000 to 3004 bytes, and less than 100 bytes of metadata each.
    file = opened(store, Parquet(shuffle=False, row_group_bytes=7000), made_samples(store))

    groups = [file.metadata.row_group(index) for index in range(file.num_row_groups)]
    columns = [{facts["path_in_schema"]: facts for facts in group.to_dict()["columns"]} for group in groups]

    assert [group.num_rows for group in groups] == [2, 2, 1]
    for facts in columns:
        clip = facts.pop("video.bytes")
        assert (clip["compression"], clip["statistics"], clip["has_dictionary_page"]) == ("UNCOMPRESSED", None, False)
        assert {fact["compression"] for fact in facts.values()} == {"ZSTD"}


def test_a_column_has_the_same_type_whatever_a_shard_holds(store):
    full, bare = made_samples(store, 2)
    window = {"start_frame": 0, "end_frame": 9, "caption": "A cat."}
    full = saying(full, CLIP | MORE | {"windows": [window], "scores": {"motion.motion": 0.5, "text.text": 2}})
    bare = saying(bare, CLIP | MORE | {"fps": None, "scores": {"motion.motion": None, "text.text": None}})

    shards = packed(Parquet(shuffle=False, target_bytes=1), store, [full, bare])
    first, second = (pq.read_schema(store.path(shard.files[0].key)) for shard in shards)

    assert first == second
    assert first.field("fps").type == pa.float64()
    assert first.field("width").type == pa.int32()
    assert first.field("scores").type == pa.struct([("motion.motion", pa.float64()), ("text.text", pa.float64())])
    assert first.field("windows").type.value_type.field("caption").type == pa.string()


def test_scores_of_no_filter_have_no_column(store):
    file = opened(store, Parquet(shuffle=False), [saying(each, {"scores": {}}) for each in made_samples(store)])

    assert "scores" not in file.schema_arrow.names


def test_a_clip_that_is_gone_or_has_changed_is_said_by_name(store):
    [sample] = made_samples(store, 1)

    with pytest.raises(VidcurateError, match=r"clip-00\.mp4 has 3000 bytes, but the tables say 2999"):
        packed(Parquet(shuffle=False), store, [replace(sample, num_bytes=2999)])
    store.remove(sample.media)
    with pytest.raises(MissingInput, match=r"clip-00\.mp4"):
        packed(Parquet(shuffle=False), store, [sample])

    assert store.keys("parquet") == []


def test_a_clip_too_large_for_a_value_is_refused(store):
    [sample] = made_samples(store, 1)

    with pytest.raises(ShapeError, match=r"clip-00\.mp4 has 2147483648 bytes"):
        packed(Parquet(shuffle=False), store, [replace(sample, num_bytes=2**31)])


@pytest.mark.parametrize("settings", [{"row_group_bytes": 0}, {"row_group_bytes": 2**31}, {"media": "frames"}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(pydantic.ValidationError):
        Parquet(**settings)


def test_datasets_reads_splits_and_decodes_videos_without_a_cast(store, make_video):
    datasets = pytest.importorskip("datasets", reason="needs Hugging Face datasets")
    clip = make_video("clip.mp4", shots=(5,)).read_bytes()
    samples = [saying(sample, CLIP | MORE) for sample in made_samples(store, 3)]
    store.write("clips/clip-00.mp4", clip)
    samples[0] = replace(samples[0], num_bytes=len(clip))

    packed_apart(Parquet(shuffle=False), store, train=samples[:2], val=samples[2:])
    read = datasets.load_dataset(store.path("parquet/v0"), streaming=True)
    first, second = read["train"].decode(False)
    [last] = read["validation"].decode(False)
    shown = next(iter(read["train"]))["video"].get_frame_at(3).data

    assert list(read) == ["train", "validation"]
    assert read["train"].features["video"] == datasets.Video()
    assert [row["clip_id"] for row in (first, second, last)] == ["clip-00", "clip-01", "clip-02"]
    assert last["video"] == {"bytes": store.read("clips/clip-02.mp4"), "path": "clip-02.mp4"}
    assert read_number(shown.permute(1, 2, 0).numpy()) == 3
