"""A dataset that grows: shards that are there keep their bytes, and what a batch leaves out has a reason."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.media import write_video
from tests.sharder.made import made_samples
from tests.stage.cut import decisions
from tests.test_pipeline import contents
from vidcurate import Recipe, curate
from vidcurate.cluster.single import Single
from vidcurate.dedup.leader import Leader
from vidcurate.embedder.histogram import Histogram
from vidcurate.errors import ConfigError, MissingInput
from vidcurate.preview.none import NoPreview
from vidcurate.runtime.local import Local
from vidcurate.sharder.base import Part, Sample
from vidcurate.sharder.parquet import Parquet
from vidcurate.sharder.plan import plan
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.source.folder import Folder
from vidcurate.splitter.fixed import Fixed
from vidcurate.stage.append import Batch, batch
from vidcurate.stage.packed import keys_of
from vidcurate.stage.shard import Whole, pack_part, shard, stored_shards
from vidcurate.store.files import Store
from vidcurate.table import CLIPS, table

SHARDER = WebDataset(target_bytes=1, bins=("duration",), append=True)  # a shard for every clip
RECIPE = Recipe(
    splitter=Fixed(length=0.5, min_length=0.2),
    filter=(),
    preview=NoPreview(),
    embedder=Histogram(),
    cluster=Single(),
    dedup=Leader(eps=0.01),
    sharder=SHARDER,
)


def run(out: Path, videos: Path, recipe: Recipe = RECIPE, **more: object) -> dict:
    return curate(recipe, source=Folder(path=str(videos)), out=str(out), **more)


def packed(out: Path, sharder: WebDataset = SHARDER) -> dict[str, str]:
    """Name of its shard by key."""
    store = Store(str(out))
    return {
        key: name for name, entry in stored_shards(store, sharder).items() for key in keys_of(store, sharder, entry)
    }


def tars(out: Path) -> dict[str, str]:
    return contents(out / "webdataset", "*.tar")


def of_video(out: Path, uri: str) -> set[str]:
    rows = {row["uri"]: row["video_id"] for row in pq.read_table(out / "tables/videos").to_pylist()}
    return {row["clip_id"] for row in pq.read_table(out / "tables/clips").to_pylist() if row["video_id"] == rows[uri]}


@pytest.fixture(scope="module")
def grown(tmp_path_factory) -> tuple[Path, Path, Path, dict]:
    """The videos; the dataset of the first of them; it once more with a re-encode and a new video appended; summary."""
    root = tmp_path_factory.mktemp("grown")
    videos = root / "videos"
    videos.mkdir()
    write_video(videos / "a.mp4", (13, 13), size=(160, 96), seed=1)
    run(root / "first", videos)
    write_video(videos / "b.mp4", (13, 13), size=(160, 96), seed=1, gop=10)
    write_video(videos / "c.mp4", (13, 13), size=(160, 96), seed=2)
    shutil.copytree(root / "first", root / "both")
    return videos, root / "first", root / "both", run(root / "both", videos)


def test_an_append_leaves_shards_alone_and_numbers_new_ones_after_them(grown):
    _, first, both, summary = grown
    old, new = tars(first), tars(both)

    assert [name.rpartition("/")[2] for name in old] == ["000000.tar", "000001.tar"]
    assert [name.rpartition("/")[2] for name in new] == ["000000.tar", "000001.tar", "000002.tar", "000003.tar"]
    assert {name: new[name] for name in old} == old
    assert packed(both).keys() == of_video(both, "a.mp4") | of_video(both, "c.mp4")
    index = Store(str(both)).read_json("webdataset/v0/index.json")
    assert [entry["path"] for entry in index["shards"]] == [name.removeprefix("v0/") for name in new]
    assert (index["num_samples"], summary["shards"]["samples"]) == (4, 4)
    assert "4 clips of 2 videos" in (both / "webdataset/v0/README.md").read_text()


def test_a_new_clip_that_duplicates_a_packed_one_is_left_out_whichever_dedup_would_keep(grown):
    _, _, both, _ = grown
    drops = pq.read_table(both / "webdataset/v0/drops.parquet").to_pylist()
    rows = [row for row in drops if row["stage"] == "shard"]

    assert {row["id"] for row in rows} == of_video(both, "b.mp4")
    assert {row["reason"] for row in rows} == {"duplicate_of_packed"}
    assert {row["witness_id"] for row in rows} == of_video(both, "a.mp4")


def test_appending_nothing_writes_nothing(grown):
    videos, _, both, summary = grown
    before = {path: path.stat().st_mtime_ns for path in (both / "webdataset").rglob("*")}

    again = run(both, videos)

    assert again == summary
    assert {path: path.stat().st_mtime_ns for path in (both / "webdataset").rglob("*")} == before


@pytest.mark.parametrize("lost", ["000002", "000003"])
def test_an_append_that_was_killed_ends_as_one_that_was_not(grown, tmp_path, lost):
    videos, first, both, _ = grown
    out = tmp_path / "out"
    shutil.copytree(both, out)
    for name in ("_commit.json", "index.json"):  # those of the first dataset are true until the last shard is there
        shutil.copy(first / "webdataset/v0" / name, out / "webdataset/v0" / name)
    for path in out.glob(f"webdataset/**/{lost}*"):
        path.unlink()

    run(out, videos)

    assert contents(out, "webdataset/**/*") == contents(both, "webdataset/**/*")


def test_without_append_a_changed_dataset_is_packed_anew(grown, tmp_path):
    videos, _, both, _ = grown
    out = tmp_path / "out"
    shutil.copytree(both, out)

    summary = run(out, videos, replace(RECIPE, sharder=replace(SHARDER, append=False)), steps=["shard"])

    assert summary["shards"]["samples"] == 4
    assert "shard" not in pq.read_table(out / "webdataset/v0/drops.parquet")["stage"].to_pylist()


def test_settings_that_would_place_clips_elsewhere_are_named_and_the_size_of_shards_is_free(grown, tmp_path):
    videos, _, both, _ = grown
    out = tmp_path / "out"
    shutil.copytree(both, out)

    with pytest.raises(ConfigError, match=r"sharder\.bins=\[\], but webdataset/v0 was packed with \['duration'\]"):
        run(out, videos, replace(RECIPE, sharder=replace(SHARDER, bins=())), steps=["shard"])
    assert tars(out) == tars(both)
    run(out, videos, replace(RECIPE, sharder=replace(SHARDER, target_bytes=10**9)))
    assert tars(out) == tars(both)


def test_packed_clips_that_dedup_drops_now_are_named_and_stay(grown, tmp_path, caplog):
    videos, _, both, _ = grown
    out = tmp_path / "out"
    shutil.copytree(both, out)

    with caplog.at_level(logging.WARNING):
        summary = run(out, videos, replace(RECIPE, dedup=Leader(eps=1.0)))

    names = summary["stale"]["semantic_duplicate"]
    decided = pq.read_table(out / "semantic/decisions/eps=1.0").to_pylist()
    assert set(names) == packed(out).keys() - {row["id"] for row in decided if row["kept"]}
    assert len(names) >= 3
    assert all(name in caplog.text for name in names)
    assert tars(out) == tars(both)


def test_clips_of_another_cut_are_not_appended(store):
    made = made_samples(store, 1)
    shard(store, store, plan(made, SHARDER, 0), SHARDER, Whole(cut="cut"), Local())

    with pytest.raises(ConfigError, match="splitter or transcoder: the clips were cut anew since"):
        batch(store, stored_shards(store, SHARDER), made, CLIPS.empty_table(), None, SHARDER, 0, "other")


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


def planned(store: Store, made: list[Sample], sides: dict[str, str], **groups: str) -> Batch:
    """Pack the samples that have a side, each in a shard of its own, and plan an append of the others."""
    base = [sample for sample in made if sample.key in sides]
    shard(store, store, plan(base, SHARDER, 0), SHARDER, Whole(cut="cut"), Local())
    stored = stored_shards(store, SHARDER)
    for name, entry in stored.items():
        [key] = keys_of(store, SHARDER, entry)
        stored[name] = replace(entry, subset=sides[key])
    cut = table(CLIPS, ({"clip_id": each.key, "video_id": each.source, "kept": True, "reason": ""} for each in made))
    decided = decisions({f"clip-{number[1:]}": f"clip-{root}" for number, root in groups.items()})
    dropped = {f"clip-{number[1:]}" for number, root in groups.items() if number[1:] != root}
    chosen = [sample for sample in made if sample.key not in dropped]
    return batch(store, stored, chosen, cut, decided, SHARDER, 0, "cut")


def left(found: Batch) -> list[tuple[str, str, str]]:
    return [tuple(row.values()) for row in found.left.to_pylist()]


def sourced(made: list[Sample], *sources: str) -> list[Sample]:
    return [
        replace(sample, source=source, metadata=dict(sample.metadata) | {"video_id": source})
        for sample, source in zip(made, sources, strict=True)
    ]


def test_a_new_clip_goes_to_the_side_of_its_source(store):
    made = sourced(made_samples(store, 3), "u", "u", "v")

    found = planned(store, made, {"clip-00": "val"})

    assert {sample.key: sample.subset for part in found.parts for sample in part.samples} == {
        "clip-01": "val",
        "clip-02": "train",
    }


def test_a_new_source_goes_to_the_side_that_its_duplicates_are_on(store):
    made = sourced(made_samples(store, 3), "u", "v", "v")

    found = planned(store, made, {"clip-00": "val"}, n00="00", n01="00", n02="02")

    [part] = found.parts
    assert [(sample.key, sample.subset) for sample in part.samples] == [("clip-02", "val")]
    assert left(found) == [("clip-01", "duplicate_of_packed", "clip-00")]


def test_a_new_clip_that_is_tied_to_both_sides_leaks(store):
    made = sourced(made_samples(store, 5), "u", "v", "w", "w", "w")

    found = planned(
        store, made, {"clip-00": "train", "clip-01": "val"}, n00="00", n01="03", n02="00", n03="03", n04="04"
    )

    assert found.parts == []
    assert left(found) == [
        ("clip-02", "duplicate_of_packed", "clip-00"),  # dropped for a packed clip
        ("clip-03", "duplicate_of_packed", "clip-01"),  # would displace a packed clip
        ("clip-04", "leaks", "clip-00"),
    ]
    assert [*found.stale.values()] == [["clip-01"]]


def test_a_shard_that_is_a_table_tells_its_keys_too(store):
    made = sourced(made_samples(store, 3), "u", "u", "v")
    sharder = Parquet(bins=(), shuffle=False)

    shard(store, store, plan(made, sharder, 0), sharder, Whole(cut="cut"), Local())

    [entry] = stored_shards(store, sharder).values()
    assert keys_of(store, sharder, entry) == {"clip-00": "u", "clip-01": "u", "clip-02": "v"}


def test_a_shard_that_does_not_tell_its_keys_is_an_error(store):
    [sample] = made_samples(store, 1)
    part = Part(name="000000", subset="train", bins={}, samples=(sample,))
    entry = pack_part(part, "made", sharder=SHARDER, clips=store.url, out=store.url)

    with pytest.raises(MissingInput, match="1 keys can be read of 2 samples"):
        keys_of(store, SHARDER, replace(entry, num_samples=2))
