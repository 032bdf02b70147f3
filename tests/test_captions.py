"""Captions and what is made of them, through the whole split: stored, counted, and made again from what is stored."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.media import write_video
from vidcurate import Recipe, curate
from vidcurate.captioner.tags import Tags
from vidcurate.cluster.single import Single
from vidcurate.embedder.histogram import Histogram
from vidcurate.enhancer.base import Enhance, Enhancer
from vidcurate.records import Answer
from vidcurate.registry import settings
from vidcurate.source.folder import Folder
from vidcurate.splitter.fixed import Fixed


@settings
class Loud(Enhancer):
    """Adds `mark`; fails at captions that hold `hated`."""

    mark: str = "!"
    hated: str = "?"

    @property
    def name(self) -> str:
        return "loud"

    def load(self, device: str) -> Enhance:
        def loud(captions: Sequence[str]) -> list[Answer]:
            return [Answer(failure="hated") if self.hated in c else Answer(text=c + self.mark) for c in captions]

        return loud


FAST = {
    "splitter": Fixed(length=1, min_length=0.5),
    "embedder": Histogram(),
    "filter": (),
    "cluster": Single(),
    "captioner": Tags(min_confidence=0, max_tags=1),
}


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    write_video(folder / "a.mp4", (30, 30))
    return folder


@pytest.fixture
def split(videos, tmp_path):
    """`split(enhancer=...)` runs a split of the same videos into the same dataset."""

    def run(**parts):
        return curate(Recipe(**FAST | parts), source=Folder(path=str(videos)), out=str(tmp_path / "o"), steps=["split"])

    return run


def captions(root: Path) -> list[dict]:
    return pq.read_table(root / "o" / "tables" / "captions").to_pylist()


def metas(root: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted((root / "o" / "metas" / "v0").iterdir())]


def test_another_enhancer_rewrites_stored_captions_and_reads_no_clip(split, tmp_path):
    split()
    plain = captions(tmp_path)
    shutil.rmtree(tmp_path / "o" / "clips")

    summary = split(enhancer=Loud())

    assert [row["enhanced_caption"] for row in captions(tmp_path)] == [row["caption"] + "!" for row in plain]
    assert [row["caption"] for row in captions(tmp_path)] == [row["caption"] for row in plain]
    assert summary["captions"] == {
        "windows": 2,
        "captioned": 2,
        "failed": 0,
        "enhanced": 2,
        "enhancer_failed": 0,
        "prompt_tokens": 0,
        "output_tokens": 0,
    }
    for meta in metas(tmp_path):
        (window,) = meta["windows"]
        assert window["loud_enhanced_caption"] == window["tags_caption"] + "!"

    split()
    assert captions(tmp_path) == plain


def test_another_caption_is_enhanced_too(split, tmp_path):
    split(enhancer=Loud())

    split(enhancer=Loud(), captioner=Tags(min_confidence=0, max_tags=2))

    rows = captions(tmp_path)
    assert all(row["caption"].count(",") >= 1 and row["enhanced_caption"] == row["caption"] + "!" for row in rows)


def test_a_caption_that_cannot_be_enhanced_stays_and_is_counted(split, tmp_path):
    summary = split(enhancer=Loud(hated=""))

    assert summary["captions"]["enhancer_failed"] == 2
    assert all(row["caption"] and row["enhancer_failure"] == "hated" for row in captions(tmp_path))
    assert all("loud_enhanced_caption" not in meta["windows"][0] for meta in metas(tmp_path))
