from __future__ import annotations

import dataclasses

import pyarrow.parquet as pq
import pytest

from vidcurate import Recipe, curate
from vidcurate.embedder.histogram import Histogram
from vidcurate.errors import ConfigError
from vidcurate.filter.base import Facts
from vidcurate.filter.format import Format
from vidcurate.registry import build, fingerprint
from vidcurate.source.folder import Folder
from vidcurate.splitter.fixed import Fixed

CLIP = Facts(
    duration=4.0, width=1280, height=720, fps=25.0, num_bytes=1000, source_codec="vp9", source_bit_rate=800_000
)


def reason(clip: Facts = CLIP, **settings: object) -> str | None:
    component = Format(**settings)
    return component.reason(component.load("cpu")(clip))


def test_the_scores_are_the_facts():
    assert Format().load("cpu")(CLIP) == {
        "duration": 4.0, "side": 720.0, "aspect": pytest.approx(16 / 9), "fps": 25.0, "codec": 1.0, "bit_rate": 8e5
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "on", "beyond", "word"),
    [
        ("min_duration", 4.0, 4.1, "too_short"),
        ("max_duration", 4.0, 3.9, "too_long"),
        ("min_side", 720, 721, "too_small"),
        ("max_side", 720, 719, "too_large"),
        ("min_aspect", 1.7, 1.8, "too_narrow"),
        ("max_aspect", 1.8, 1.7, "too_wide"),
        ("min_fps", 25, 26, "low_fps"),
        ("max_fps", 25, 24, "high_fps"),
        ("min_bit_rate", 800_000, 800_001, "low_bit_rate"),
        ("max_bit_rate", 800_000, 799_999, "high_bit_rate"),
        ("codecs", ["h264", "vp9"], ["h264"], "codec"),
    ],
)
def test_clips_beyond_a_bound_are_dropped_and_those_on_it_are_kept(key, on, beyond, word):
    assert reason(**{key: on}) is None
    assert reason(**{key: beyond}) == word


def test_the_shorter_side_of_an_upright_clip_is_its_width():
    assert reason(dataclasses.replace(CLIP, width=720, height=1280), min_side=721) == "too_small"


def test_a_bit_rate_that_nobody_knows_drops_nothing():
    assert reason(dataclasses.replace(CLIP, source_bit_rate=0), min_bit_rate=1) is None


def test_bounds_of_one_fact_that_exclude_each_other_are_refused():
    with pytest.raises(ConfigError, match=r"max_fps=10\.0 is below min_fps=20\.0"):
        build("filter", "filter.format", {"_target_": "vidcurate.filter.format.Format", "min_fps": 20, "max_fps": 10})


def test_no_setting_changes_what_is_made():
    assert fingerprint(Format(min_side=480, codecs=("h264",))) == fingerprint(Format())


def test_facts_come_from_the_tables_and_a_bound_may_be_a_percentile(make_video, tmp_path):
    make_video("in/a.mp4", shots=(10, 20), seed=1)
    recipe = Recipe(
        splitter=Fixed(length=0.8, min_length=0.2), embedder=Histogram(), filter=(Format(min_duration="p50"),)
    )

    curate(recipe, source=Folder(path=str(tmp_path / "in")), out=str(tmp_path / "out"), steps=["split"])

    clips = pq.read_table(tmp_path / "out" / "tables" / "clips").to_pylist()
    assert [(row["num_frames"], row["reason"]) for row in clips] == [(20, ""), (10, "too_short")]
