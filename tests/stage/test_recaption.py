"""New captions lie beside shards, in their order; the shards keep their bytes, and no source is needed."""

from __future__ import annotations

import gc
import json
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.media import write_video
from tests.test_pipeline import contents
from vidcurate import Recipe, curate
from vidcurate.captioner.tags import Tags
from vidcurate.dedup.none import KeepAll
from vidcurate.embedder.histogram import Histogram
from vidcurate.errors import ConfigError, MissingInput, VidcurateError
from vidcurate.recipe import Verify
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.source.folder import Folder
from vidcurate.splitter.fixed import Fixed

RECIPE = Recipe(
    splitter=Fixed(length=0.4, min_length=0.2),
    filter=(),
    embedder=Histogram(),
    captioner=Tags(min_confidence=0.0, max_tags=1),
    dedup=KeepAll(),
    sharder=WebDataset(max_samples=3),
)
SAID = replace(RECIPE, captioner=Tags(min_confidence=0.0, max_tags=2))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """A packed dataset without its clips, captioned anew; and what split says of the clips with the new captioner."""
    root = tmp_path_factory.mktemp("recaption")
    (root / "videos").mkdir()
    for seed, name in enumerate("ab"):
        write_video(root / "videos" / f"{name}.mp4", (10, 10), size=(160, 96), seed=seed)
    source = Folder(path=str(root / "videos"))
    curate(RECIPE, source=source, out=str(root / "out"))
    shutil.copytree(root / "out", root / "other")
    curate(SAID, source=source, out=str(root / "other"), steps=["split"])
    rows = pq.read_table(root / "other/tables/captions").to_pylist()
    shutil.rmtree(root / "out/clips")
    shutil.copytree(root / "out", root / "before")
    curate(SAID, out=str(root / "out"), steps=["recaption"])
    return root / "out", {row["clip_id"]: row["caption"] for row in rows}


@pytest.fixture
def out(made, tmp_path) -> Path:
    shutil.copytree(made[0], tmp_path / "out")
    return tmp_path / "out"


def shards(out: Path) -> list[Path]:
    """Names of shards below their folder."""
    return sorted(path.relative_to(out / "webdataset/v0") for path in out.glob("webdataset/v0/**/*.tar"))


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def keys(path: Path) -> list[str]:
    return list(dict.fromkeys(name.partition(".")[0] for name in members(path)))


def times(out: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (out / "webdataset").rglob("*.tar")}


def test_captions_are_what_split_says_in_the_order_of_the_shards_which_keep_their_bytes(made):
    out, said = made

    assert contents(out, "webdataset/v0/**/*") == contents(out.parent / "before", "webdataset/v0/**/*")
    assert contents(out, "tables/**/*") == contents(out.parent / "before", "tables/**/*")
    assert len(shards(out)) > 1
    assert all(", " in caption for caption in said.values())
    for name in shards(out):
        tar = out / "webdataset/captions/tags" / name
        rows = pq.read_table(tar.with_suffix(".parquet")).to_pylist()
        assert [row["key"] for row in rows] == keys(tar) == keys(out / "webdataset/v0" / name)
        assert {row["key"]: row["caption"] for row in rows} == {key: said[key] for key in keys(tar)}
        for row in rows:
            window = {"start_frame": 0, "end_frame": 9, "caption": row["caption"]}
            assert row["windows"] == [window]
            found = members(tar)
            assert json.loads(found[f"{row['key']}.json"]) == {"caption": row["caption"], "windows": [window]}
            assert found[f"{row['key']}.txt"].decode() == row["caption"]
    index = json.loads((out / "webdataset/captions/tags/index.json").read_text())
    assert [entry["path"] for entry in index["shards"]] == [name.as_posix() for name in shards(out)]
    assert (index["num_samples"], index["failed"]) == (4, 0)


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # webdataset leaves closing to the collector
def test_webdataset_reads_both_side_by_side(made):
    from webdataset import WebDataset as Reader  # pulls torch

    out, said = made
    main, captions = (
        Reader([str(out / folder / name) for name in shards(out)], shardshuffle=False).decode()
        for folder in ("webdataset/v0", "webdataset/captions/tags")
    )

    read = [
        (clip["__key__"], new["__key__"], new["txt"], len(clip["mp4"]))
        for clip, new in zip(main, captions, strict=True)
    ]
    gc.collect()

    assert [(key, caption) for key, _, caption, _ in read] == [(key, said[key]) for _, key, _, _ in read]


def test_verify_finds_them_sound(out):
    with pytest.raises(VidcurateError, match=r"1 of \d+ checks fail"):  # the clips are gone
        curate(replace(SAID, verify=Verify(sample=None, loaders=())), out=str(out), steps=["verify"])

    found = {check["name"]: check for check in json.loads((out / "verify.json").read_text())["checks"]}
    assert found["shards/captions"]["faults"] == 0
    assert found["shards/captions"]["checked"] == len(shards(out)) + 1 + 4  # files of each, the index, and the samples


def test_a_second_run_writes_nothing_and_one_that_was_killed_goes_on(made, out):
    before, clock = contents(out, "webdataset/**/*"), times(out)
    curate(SAID, out=str(out), steps=["recaption"])
    assert times(out) == clock

    lost = (out / "webdataset/captions/tags" / shards(out)[0]).with_suffix("")
    Path(f"{lost}_captions.json").unlink()
    Path(f"{lost}.parquet").unlink()
    curate(SAID, out=str(out), steps=["recaption"])

    assert contents(out, "webdataset/**/*") == before
    assert len([path for path, time in times(out).items() if clock[path] != time]) == 1


def test_captions_have_the_name_that_is_given_and_another_captioner_replaces_its_own(out):
    before = contents(out, "webdataset/captions/tags/**/*")

    curate(RECIPE, out=str(out), steps=["recaption"], captions_as="short")
    assert contents(out, "webdataset/captions/tags/**/*") == before
    curate(RECIPE, out=str(out), steps=["recaption"])

    short = contents(out / "webdataset/captions/short", "**/*")
    assert contents(out / "webdataset/captions/tags", "**/*") == short != before


def test_a_takedown_reaches_captions_and_leaves_them_aligned(out):
    untouched = contents(out, "webdataset/captions/**/*")

    summary = curate(RECIPE, out=str(out), steps=["takedown"], source_ids=["a.mp4"])

    left = contents(out, "webdataset/captions/**/*")
    assert summary["shards"]["samples"] == 2
    for name in shards(out):
        assert keys(out / "webdataset/captions/tags" / name) == keys(out / "webdataset/v0" / name)
    assert len([key for key in left if key.endswith(".tar")]) == len(shards(out))
    assert left != untouched
    clock = times(out)
    curate(SAID, out=str(out), steps=["recaption"])
    assert times(out) == clock
    assert contents(out, "webdataset/captions/**/*") == left


def test_what_cannot_be_captioned_is_said(out, tmp_path):
    with pytest.raises(ConfigError, match="captioner=none writes no captions"):
        curate(Recipe(), out=str(out), steps=["recaption"])
    with pytest.raises(MissingInput, match="nothing is packed"):
        curate(SAID, out=str(tmp_path / "empty"), steps=["recaption"])
