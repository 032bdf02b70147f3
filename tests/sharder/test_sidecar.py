from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.dataset
import pytest

from tests.sharder.made import made_samples, packed
from vidcurate.errors import ShapeError
from vidcurate.sharder.sidecar import read_member, read_sidecar, sidecar_bytes, sidecar_table
from vidcurate.sharder.tar import Entry, Member
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.store.files import Store

WINDOWS = [{"start_frame": 0, "end_frame": 9, "caption": "A dog."}]
FULL = {
    "clip_id": "a",
    "start": 1.5,
    "width": 320,
    "source_video": "é.mov",
    "bins": {"resolution": "720", "duration": "5_10"},
    "scores": {"motion": 1, "luma": 0.25},
    "windows": WINDOWS,
    "count": 1,
    "ratio": 2,
    "tags": ["x", "y"],
}
EMPTY = dict.fromkeys(FULL) | {"ratio": 0.5, "scores": {"motion": None, "luma": None}}


@pytest.fixture(params=["local", "memory"])
def store(request, tmp_path) -> Store:
    return Store(str(tmp_path) if request.param == "local" else f"memory://{tmp_path.name}")


def entries(count: int) -> list[Entry]:
    member = Member(extension="mp4", offset=512, size=9)
    return [Entry(key=f"{number}", offset=0, size=1024, members=(member,)) for number in range(count)]


def test_a_row_says_where_a_sample_lies_and_any_file_is_read_alone(store):
    samples = made_samples(store, 3)
    [shard] = packed(WebDataset(bins=()), store, samples)
    tar, sidecar, _ = (file.key for file in shard.files)

    rows = read_sidecar(store, sidecar).to_pylist()

    data = store.read(tar)
    assert sum(row["size"] for row in rows) + 1024 == len(data)
    by_key = {sample.key: sample for sample in samples}
    for row in rows:
        sample = by_key[row["key"]]
        assert data[row["offset"] :].startswith(f"{row['key']}.json\0".encode())
        assert read_member(store, tar, row["mp4_offset"], row["mp4_size"]) == store.read(sample.media)
        assert read_member(store, tar, row["txt_offset"], row["txt_size"]) == sample.caption.encode()
        assert row["source_video"] == sample.metadata["source_video"]
    with pytest.raises(ShapeError, match=r"000000\.tar has 24 bytes from \d+ on, not 25: it is cut off"):
        read_member(store, tar, len(data) - 24, 25)


def test_columns_can_be_chosen(store):
    [shard] = packed(WebDataset(bins=()), store, made_samples(store, 2))

    assert read_sidecar(store, shard.files[1].key, ["mp4_size", "key"]).column_names == ["mp4_size", "key"]


def test_metadata_are_columns_of_known_types(tmp_path):
    [sample] = made_samples(Store(str(tmp_path)), 1)

    table = sidecar_table([replace(sample, metadata=FULL), replace(sample, metadata=EMPTY)], entries(2))

    assert table.column_names[:5] == ["key", "offset", "size", "mp4_offset", "mp4_size"]
    assert table.drop_columns(table.column_names[:5]).to_pydict() == {
        "clip_id": ["a", None],
        "start": [1.5, None],
        "width": [320, None],
        "source_video": ["é.mov", None],
        "bin_aspect": [None, None],
        "bin_duration": ["5_10", None],
        "bin_resolution": ["720", None],
        "score_luma": [0.25, None],
        "score_motion": [1.0, None],
        "windows": [WINDOWS, None],
        "count": [1, None],
        "ratio": [2.0, 0.5],
        "tags": [["x", "y"], None],
    }


def test_side_cars_of_a_dataset_have_one_schema_whatever_is_null_in_some(tmp_path):
    [sample] = made_samples(Store(str(tmp_path)), 1)
    known = {name: FULL[name] for name in ("start", "width", "source_video", "scores", "windows")}
    for name, metadata in {"a": known, "b": dict.fromkeys(known) | {"scores": {"motion": None, "luma": None}}}.items():
        table = sidecar_table([replace(sample, metadata=metadata)], entries(1))
        (tmp_path / f"{name}.parquet").write_bytes(sidecar_bytes(table))

    together = pa.dataset.dataset([tmp_path / "a.parquet", tmp_path / "b.parquet"])

    assert together.schema.field("score_motion").type == pa.float64()
    assert together.to_table()["windows"].to_pylist() == [WINDOWS, None]
    assert [fragment.physical_schema for fragment in together.get_fragments()] == [together.schema] * 2


def test_metadata_that_would_hide_a_place_are_refused(tmp_path):
    [sample] = made_samples(Store(str(tmp_path)), 1)

    with pytest.raises(ShapeError, match="metadata 'size' would be column 'size'"):
        sidecar_table([replace(sample, metadata={"size": 3})], entries(1))
