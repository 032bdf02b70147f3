from __future__ import annotations

import gc
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from tests.media import write_video
from tests.sharder.made import three_shapes
from vidcurate.recipe import Recipe
from vidcurate.runtime.local import Local
from vidcurate.sharder.base import Sample
from vidcurate.sharder.plan import plan
from vidcurate.sharder.samples import Samples
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.stage.card import hub_license, made_with, write_card
from vidcurate.stage.croissant import write_croissant
from vidcurate.stage.shard import Whole, shard, stored_shards
from vidcurate.store.files import Store

FOLDER = "webdataset/v0"
RECIPE = Recipe(sharder=WebDataset(bins=("duration",), shuffle=False))
DROPS = pa.table(
    {
        "id": ["a", "b", "c"],
        "stage": ["filter", "dedup", "filter"],
        "reason": ["too_dark", "semantic_duplicate", "too_dark"],
    }
)


def carded(store: Store, subsets: tuple[str, ...] = ()) -> None:
    """A card of clips of two licences, in folders by duration; the parts may be put into subsets."""
    first, second, third = three_shapes(store)
    for number, name in enumerate(("clip-00", "clip-01", "clip-02")):
        write_video(Path(store.path(f"clips/{name}.mp4")), (10,), seed=number)
    samples = [with_file(store, sample) for sample in (first, second, third)]
    parts = plan(samples, RECIPE.sharder, 0)
    for index, subset in enumerate(subsets):
        parts[index] = replace(parts[index], subset=subset, name=f"{subset}/{parts[index].name}")
    shard(store, store, parts, RECIPE.sharder, Whole(cut="cut"), Local())
    shards = list(stored_shards(store, RECIPE.sharder).values())
    clips = Samples.of(samples).columns()
    write_card(store, RECIPE.sharder, clips, shards, DROPS, made_with(RECIPE))
    write_croissant(store, FOLDER, clips, shards)


def with_file(store: Store, sample: Sample) -> Sample:
    license = "" if sample.key == "clip-02" else "CC BY 4.0"
    size = Path(store.path(sample.media)).stat().st_size
    return replace(
        sample,
        num_bytes=size,
        metadata={"clip_id": sample.key, "license": license, "caption": sample.caption, "duration": sample.duration},
    )


def card(store: Store) -> str:
    return store.read(f"{FOLDER}/README.md").decode()


def front(store: Store) -> dict:
    """What the Hub reads."""
    return yaml.safe_load(card(store).split("---\n")[1])


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    made = Store(str(tmp_path_factory.mktemp("dataset")))
    carded(made, ("train", "val"))
    return made


def test_the_hub_learns_licences_size_and_where_each_subset_lies(store):
    assert front(store) == {
        "license": ["cc-by-4.0", "unknown"],
        "task_categories": ["text-to-video", "video-text-to-text"],
        "size_categories": ["n<1K"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "train", "path": "train/**/*.tar"},
                    {"split": "validation", "path": "val/**/*.tar"},
                ],
            }
        ],
    }


def test_people_learn_what_is_in_it_and_what_is_not(store):
    text = card(store)

    # three_shapes: 3 s, 8 s and 8 s; the last clip is of another video than the first two
    assert "3 clips of 2 videos, 0.00528 hours" in text
    assert "| CC BY 4.0 | 1 | 2 | 0.00306 |" in text
    assert "| not stated | 1 | 1 | 0.00222 |" in text
    assert "| 0_5 | 1 | 1 | 0.000833 |\n| 5_10 | 2 | 2 | 0.00444 |" in text
    assert "| dedup | semantic_duplicate | 1 |\n| filter | too_dark | 2 |" in text
    assert "above 1 - 0.01, `dedup=leader` keeps one" in text
    assert '"_target_": "vidcurate.splitter.transnetv2.TransNetV2"' in text


def test_equal_datasets_have_equal_cards_wherever_they_lie(store, tmp_path):
    carded(other := Store(str(tmp_path)), ("train", "val"))

    for name in ("README.md", "croissant.json"):
        assert other.read(f"{FOLDER}/{name}") == store.read(f"{FOLDER}/{name}")
    assert str(tmp_path) not in card(other)


@pytest.mark.parametrize(
    ("stated", "known"),
    [("CC BY 4.0", "cc-by-4.0"), ("CC0-1.0", "cc0-1.0"), ("public domain", "other"), ("", "unknown")],
)
def test_licences_have_the_names_of_the_hub(stated, known):
    assert hub_license(stated) == known


def test_croissant_names_the_files_and_what_is_in_them(store):
    known = store.read_json(f"{FOLDER}/croissant.json")

    assert known["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    tar, other, sidecars, videos = known["distribution"]
    data = store.read(f"{FOLDER}/train/duration_0_5/000000.tar")
    assert (tar["contentUrl"], other["contentUrl"]) == ("train/duration_0_5/000000.tar", "val/duration_5_10/000000.tar")
    assert (tar["sha256"], tar["contentSize"]) == (hashlib.sha256(data).hexdigest(), f"{len(data)} B")
    assert sidecars["includes"] == "*/*/[0-9][0-9][0-9][0-9][0-9][0-9].parquet"
    assert videos["containedIn"] == [{"@id": tar["@id"]}, {"@id": other["@id"]}]
    fields = {field["@id"]: field["dataType"] for records in known["recordSet"] for field in records["field"]}
    assert fields == {
        "clips/key": "sc:Text", "clips/caption": "sc:Text", "clips/license": "sc:Text", "clips/duration": "sc:Float",
        "videos/key": "sc:Text", "videos/mp4": "sc:VideoObject",
    }  # fmt: skip


@pytest.fixture
def snippets(store) -> list[str]:
    """The Python of the card, with the folder filled in."""
    return [
        f"FOLDER = {store.path(FOLDER)!r}\n{code}"
        for code in re.findall(r"```python\n(.*?)```", card(store), re.DOTALL)
    ]


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # webdataset leaves closing to the collector
def test_the_line_for_webdataset_works(store, snippets):
    exec(snippets[0], names := {})  # it is the card's own

    [(media, caption, metadata)] = names["samples"]
    gc.collect()
    assert media == store.read("clips/clip-00.mp4")
    assert caption == "Clip 0, “naïve”."
    assert metadata["license"] == "CC BY 4.0"


def test_the_line_for_our_loader_works(store, snippets):
    exec(snippets[3], names := {})

    assert [key for batch in names["batches"] for key in batch["key"]] == ["clip-00"]


@pytest.mark.filterwarnings("ignore")
def test_the_line_for_datasets_works(store, snippets):
    datasets = pytest.importorskip("datasets", reason="needs: pip install datasets", exc_type=ImportError)

    exec(snippets[1], names := {})

    assert [row["__key__"] for row in names["samples"].remove_columns("mp4")] == ["clip-00"]
    val = datasets.load_dataset(store.path(FOLDER), split="validation", streaming=True).remove_columns("mp4")
    assert [row["__key__"] for row in val] == ["clip-01", "clip-02"]


@pytest.mark.filterwarnings("ignore")
def test_the_line_for_energon_works(store, snippets):
    pytest.importorskip("megatron.energon", reason="needs: pip install megatron-energon", exc_type=ImportError)

    exec(snippets[2], names := {})

    assert next(iter(names["samples"])).context == "Clip 0, “naïve”."


@pytest.mark.filterwarnings("ignore")
def test_mlcroissant_accepts_it_and_reads_clips_and_videos(store, tmp_path, monkeypatch):
    monkeypatch.setenv("CROISSANT_CACHE", str(tmp_path))  # it knows tars by their names below the folder alone
    mlc = pytest.importorskip("mlcroissant", reason="needs: pip install mlcroissant", exc_type=ImportError)

    dataset = mlc.Dataset(jsonld=store.path(f"{FOLDER}/croissant.json"))
    clips, videos = (list(dataset.records(name)) for name in ("clips", "videos"))

    assert dataset.metadata.issues.errors == set()
    assert sorted(row["clips/key"] for row in clips) == [b"clip-00", b"clip-01", b"clip-02"]
    read = {row["videos/key"].decode(): row["videos/mp4"] for row in videos}
    assert read == {name: store.read(f"clips/{name}.mp4") for name in ("clip-00", "clip-01", "clip-02")}
