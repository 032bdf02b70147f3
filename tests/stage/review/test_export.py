"""What people look at: every clip with its fate and picture, in a spreadsheet, in parquet and for FiftyOne."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import zlib
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.stage.review.made import RECIPE, copied, make, names, reviewing, rows
from vidcurate import curate
from vidcurate.dedup.leader import Leader
from vidcurate.errors import ConfigError, MissingInput
from vidcurate.recipe import Reviewing
from vidcurate.stage.review.cells import read_sheet, sheet


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("exported")
    _, out = make(root)
    curate(RECIPE, out=str(out), steps=["review"])
    return out


def lines(out: Path) -> list[dict[str, str]]:
    return [dict(row) for _, row in read_sheet((out / "review/review.csv").read_bytes(), "review.csv")]


def edit(out: Path, **cells: str) -> None:
    """Write decisions and notes into the file as a spreadsheet would, its other cells as they are."""
    found = lines(out)
    for row in found:
        row |= {"decision": cells.get(row["clip_id"], ""), "note": "=seen" if row["clip_id"] in cells else ""}
    (out / "review/review.csv").write_bytes(sheet(list(found[0]), [list(row.values()) for row in found]))


def test_every_clip_has_a_row_with_its_fate(exported):
    filtered, duplicate, witness = names(exported)
    found = {row["clip_id"]: row for row in lines(exported)}

    assert set(found) == {row["clip_id"] for row in rows(exported, "tables/clips")}
    assert (found[filtered]["fate"], found[filtered]["reason"]) == ("filtered", "too_static")
    assert (found[duplicate]["fate"], found[duplicate]["witness_id"]) == ("duplicate", witness)
    assert float(found[duplicate]["similarity"]) > 0.99
    assert found[witness]["fate"] == "kept"
    assert all(row["decision"] == row["note"] == "" for row in found.values())
    assert all(float(row["motion.motion"]) >= 0 for row in found.values())


def test_a_duplicate_stands_right_after_what_it_duplicates(exported):
    _, duplicate, witness = names(exported)
    order = [row["clip_id"] for row in lines(exported)]

    assert order.index(duplicate) == order.index(witness) + 1


def test_paths_lead_from_the_folder_to_files(exported):
    for row in lines(exported):
        for name in ("clip", "thumbnail"):
            assert not Path(row[name]).is_absolute()
            assert (exported / "review" / row[name]).is_file()


def test_parquet_holds_pictures_as_viewers_want_them(exported):
    table = pq.read_table(exported / "review/clips.parquet")
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]

    assert features["thumbnail"] == {"_type": "Image"}
    assert set(features) == set(table.column_names)
    for row in table.to_pylist():
        assert row["thumbnail"]["path"] == f"{row['clip_id']}.jpg"
        with av.open(io.BytesIO(row["thumbnail"]["bytes"])) as picture:
            assert picture.streams.video[0].height > 8
    assert [row["clip_id"] for row in table.to_pylist()] == [row["clip_id"] for row in lines(exported)]


def test_hugging_face_shows_the_pictures(exported):
    datasets = pytest.importorskip("datasets", reason="needs datasets, of vidcurate[dev]")

    found = datasets.Dataset.from_parquet(str(exported / "review/clips.parquet"), cache_dir=str(exported / "cache"))

    assert found.features["thumbnail"] == datasets.Image()
    assert found.features["similarity"].dtype == "float32"


def test_a_picture_is_drawn_where_split_has_drawn_none(made, tmp_path):
    out = copied(made, tmp_path)
    for file in (out / "previews").iterdir():
        file.unlink()

    curate(replace(RECIPE, review=Reviewing(formats=("csv",))), out=str(out), steps=["review"])

    assert all(row["thumbnail"] == f"thumbnails/{row['clip_id']}.jpg" for row in lines(out))
    assert not (out / "review/clips.parquet").exists()


def test_decisions_are_read_back_heeded_shown_and_carried_over(made, tmp_path):
    out = copied(made, tmp_path)
    filtered, duplicate, witness = names(out)
    curate(RECIPE, out=str(out), steps=["review"])
    edit(out, **{filtered: "keep", witness: "drop"})

    curate(reviewing(out / "review/review.csv"), out=str(out), steps=["dedup", "shard"])
    curate(RECIPE, out=str(out), steps=["review"])

    found = {row["clip_id"]: row for row in lines(out)}
    assert (found[filtered]["fate"], found[filtered]["reason"]) == ("kept", "reviewed")
    assert (found[witness]["fate"], found[witness]["reason"]) == ("dropped", "reviewed")
    assert found[duplicate]["fate"] == "kept"
    assert (found[witness]["decision"], found[witness]["note"]) == ("drop", "=seen")
    assert "'=seen" in (out / "review/review.csv").read_text(encoding="utf-8-sig")


def test_a_file_that_cannot_be_read_is_not_written_over(made, tmp_path):
    out = copied(made, tmp_path)
    curate(RECIPE, out=str(out), steps=["review"])
    edit(out, **{names(out)[0]: "perhaps"})
    before = (out / "review/review.csv").read_bytes()

    with pytest.raises(ConfigError, match="decision 'perhaps'"):
        curate(RECIPE, out=str(out), steps=["review"])
    assert (out / "review/review.csv").read_bytes() == before


def test_names_that_are_formulas_are_not_run(made, tmp_path):
    out = copied(made, tmp_path)
    table = pq.read_table(out / "tables/videos/part-0.parquet").to_pydict()
    table["uri"] = [f"=cmd|' /C calc'!A{number}.mp4" for number, _ in enumerate(table["uri"])]
    schema = pq.read_schema(out / "tables/videos/part-0.parquet")
    pq.write_table(pa.table(table, schema=schema), out / "tables/videos/part-0.parquet")

    curate(replace(RECIPE, review=Reviewing(formats=("csv",))), out=str(out), steps=["review"])

    text = (out / "review/review.csv").read_text(encoding="utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith("=")]
    assert {row["source"] for row in lines(out)} == set(table["uri"][:2]) | set(table["uri"][2:])


def test_an_epsilon_that_is_not_clear_is_asked_for(made, tmp_path):
    out = copied(made, tmp_path)
    curate(replace(RECIPE, dedup=Leader(eps=0.02)), out=str(out), steps=["dedup"])

    with pytest.raises(ConfigError, match=r"decisions of eps=0\.01, eps=0\.02; say which are meant"):
        curate(replace(RECIPE, dedup=Leader(eps=0.03)), out=str(out), steps=["review"])
    curate(replace(RECIPE, dedup=Leader(eps=0.02)), out=str(out), steps=["review"])


def test_there_must_be_clips(tmp_path):
    with pytest.raises(MissingInput, match=r"no clips to review; run \+experiment=split"):
        curate(RECIPE, out=str(tmp_path), steps=["review"])


def test_the_same_dataset_gives_the_same_files(exported):
    before = {path: path.read_bytes() for path in (exported / "review").rglob("*") if path.is_file()}

    curate(RECIPE, out=str(exported), steps=["review"])

    assert {path: path.read_bytes() for path in (exported / "review").rglob("*") if path.is_file()} == before


def test_takedown_cleans_the_folder_and_keeps_what_was_decided_about_others(made, tmp_path):
    out = copied(made, tmp_path)
    curate(RECIPE, out=str(out), steps=["review"])
    clips = {row["clip_id"]: row["video_id"] for row in rows(out, "tables/clips")}
    _, duplicate, witness = names(out)
    edit(out, **{duplicate: "keep", witness: "drop"})

    curate(RECIPE, out=str(out), steps=["takedown"], source_ids=[clips[witness]])

    found = {row["clip_id"]: row for row in lines(out)}
    assert set(found) == {clip for clip, video in clips.items() if video != clips[witness]}
    assert found[duplicate]["decision"] == "keep"
    assert found[duplicate]["witness_id"] == ""
    assert sorted(path.name for path in (out / "review").iterdir()) == ["review.csv"]


def loaded(out: Path, name: str) -> tuple[dict, list[dict]]:
    """Fields by name, and samples, of a dataset for FiftyOne."""
    folder = out / "review" / name
    said = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    samples = json.loads((folder / "samples.json").read_text(encoding="utf-8"))["samples"]
    return {field["name"]: field for field in said["sample_fields"]}, samples


def test_fiftyone_finds_every_clip_and_what_became_of_it(exported):
    filtered, duplicate, witness = names(exported)
    fields, samples = loaded(exported, "fiftyone")
    found = {sample["clip_id"]: sample for sample in samples}

    assert set(found) == {row["clip_id"] for row in rows(exported, "tables/clips")}
    assert found[filtered]["tags"] == ["filtered"]
    assert (found[duplicate]["tags"], found[duplicate]["witness_id"]) == (["duplicate"], witness)
    assert found[duplicate]["group_id"] == found[witness]["group_id"] == witness
    for sample in samples:
        assert (exported / "review/fiftyone" / sample["filepath"]).is_file()
        assert sample["metadata"] | {"encoding_str": "h264", "frame_width": 160} == sample["metadata"]
        assert sample["motion_motion"] >= 0
        named = {name for name in sample if not name.startswith("_")}
        assert named <= set(fields)
    assert len({sample["_id"]["$oid"] for sample in samples}) == len(samples)
    assert all(re.fullmatch("[0-9a-f]{24}", sample["_id"]["$oid"]) for sample in samples)


def test_fiftyone_shows_clips_as_stretches_of_their_sources(exported):
    _, samples = loaded(exported, "fiftyone_sources")
    clips = {row["clip_id"]: row for row in rows(exported, "tables/clips")}

    assert [sample["filepath"] for sample in samples] == sorted(
        (f"{name}.mp4" for name in "abc"),
        key=lambda uri: next(row["video_id"] for row in rows(exported, "tables/videos") if row["uri"] == uri),
    )
    stretches = {one["clip_id"]: one for sample in samples for one in sample["clips"]["detections"]}
    assert set(stretches) == set(clips)
    for name, one in stretches.items():
        start = round(clips[name]["start"] * 25)
        assert one["support"] == [start + 1, start + 10]  # ten frames each, counted from 1


def test_samples_have_vectors_if_wanted(made, tmp_path):
    out = copied(made, tmp_path)
    recipe = replace(RECIPE, review=Reviewing(formats=("fiftyone",), embeddings=True))

    curate(recipe, out=str(out), steps=["review"])

    fields, samples = loaded(out, "fiftyone")
    assert fields["embedding"]["ftype"] == "fiftyone.core.fields.VectorField"
    for sample in samples:
        packed = base64.b64decode(sample["embedding"]["$binary"]["base64"])
        vector = np.load(io.BytesIO(zlib.decompress(packed)), allow_pickle=False)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert not (out / "review/review.csv").exists()
