"""Bounds that are moved in a browser keep what the filters keep in Python."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from tests.media import write_video
from tests.report.test_page import data_of
from vidcurate.filter.format import Format
from vidcurate.filter.luma import Luma
from vidcurate.filter.motion import Motion
from vidcurate.recipe import Recipe
from vidcurate.report import write_report
from vidcurate.report.thresholds import thresholds
from vidcurate.stage.judge import judge, lines
from vidcurate.stage.record import Record
from vidcurate.store.files import Store
from vidcurate.store.provenance import write_provenance
from vidcurate.table import BOUNDS, CLIPS, DECISIONS, SCORES, VIDEOS, table

FILTERS = Motion(min="p10", max=0.9), Luma(max_black=0.5), Format(min_side=64, codecs=("h264",))
CLIPS_MADE, PER_VIDEO = 240, 8
MOVED = (
    ("motion", "min", 1), ("motion", "max", 1), ("luma", "max_black", 1), ("luma", "max_white", 1),
    ("format", "min_side", 130), ("format", "max_duration", 4),
)  # fmt: skip
"""Bounds, and how far they are moved."""


def record(number: int) -> Record:
    """A video of eight clips; scores are rounded, so that several are equal, and some clips have none."""
    random = np.random.default_rng(number)
    codec = "mpeg4" if number % 7 == 0 else "h264"
    video = {"video_id": f"v{number}", "uri": f"v{number}.mp4", "status": "processed", "codec": codec, "bit_rate": 0}
    clips, scores = [], []
    for at in range(PER_VIDEO):
        name = f"{number:03d}-{at}"
        side = int(random.choice([48, 64, 128]))
        clips.append(
            {"clip_id": name, "video_id": f"v{number}", "uri": None, "start": 2.0 * at,
             "end": 2.0 * at + 2, "duration": round(float(random.uniform(1, 4)), 2), "width": 2 * side, "height": side,
             "fps": 25.0, "num_bytes": 100}
        )  # fmt: skip
        values = {"motion": round(float(random.beta(1, 4)), 2)} if at else {}
        dark = {name: round(float(random.uniform()), 1) for name in ("black", "white")}
        for entry, found in (("motion", values), ("luma", dark)):
            scores += [
                {"clip_id": name, "filter": entry, "score": score, "value": value} for score, value in found.items()
            ]
    return Record(key=f"v{number}", video=video, clips=clips, scores=scores)


def write_judged(store: Store) -> list[Record]:
    """The tables of a split by these filters, without media."""
    records = [record(number) for number in range(CLIPS_MADE // PER_VIDEO)]
    found = lines(records, FILTERS)
    verdicts = [judge(one, found.filters) for one in records]
    clips = [
        clip | {"kept": not said.reasons[clip["clip_id"]], "reason": said.reasons[clip["clip_id"]]}
        for one, said in zip(records, verdicts, strict=True)
        for clip in one.clips
    ]
    tables = {
        "videos": (VIDEOS, [one.video | {"duration": 60.0} for one in records]),
        "clips": (CLIPS, clips),
        "scores": (SCORES, [row for said in verdicts for row in said.scores]),
        "bounds": (BOUNDS, found.bounds),
    }
    for name, (schema, rows) in tables.items():
        store.write_table(f"tables/{name}/part-0.parquet", table(schema, rows))
    write_provenance(store, ["split"], Recipe(filter=FILTERS).config())
    return records


def kept_by_python(records: list[Record], **bounds: float | None) -> tuple[set[str], float]:
    """Clips that the filters keep with some bounds moved, given as `motion__min`, and how long they last."""
    filters = []
    for entry in lines(records, FILTERS).filters:
        moved = {key.partition("__")[2]: value for key, value in bounds.items() if key.startswith(f"{entry.name}__")}
        filters.append(replace(entry, **moved))
    reasons = {name: reason for one in records for name, reason in judge(one, filters).reasons.items()}
    kept = {name for name, reason in reasons.items() if not reason}
    return kept, sum(clip["duration"] for one in records for clip in one.clips if clip["clip_id"] in kept)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("judged")
    write_judged(Store(str(root)))
    write_report(Store(str(root)), {})
    return root


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return [record(number) for number in range(CLIPS_MADE // PER_VIDEO)]


def move(page, filter_: str, key: str, value: float | None) -> float | None:
    """Move a bound to a step, the one nearest to a value; returns what it is then."""
    return page.evaluate(
        """([filter, key, value]) => {
          const slider = page.scores.sliders.find((one) => one.filter === filter && one.key === key);
          const numbers = slider.steps.filter((step) => step !== null), far = (step) => Math.abs(step - value);
          const nearest = value === null ? null : numbers.toSorted((one, other) => far(one) - far(other))[0];
          page.scores.set(slider, slider.steps.indexOf(nearest));
          return page.scores.bound(slider);
        }""",
        [filter_, key, value],
    )


def test_what_bounds_keep_is_what_the_filters_keep(root, records, opened):
    page = opened(root)
    kept, seconds = kept_by_python(records)
    assert set(page.evaluate("page.scores.kept()")) == kept
    assert 20 < len(kept) < CLIPS_MADE - 20

    random = np.random.default_rng(0)
    bounds: dict[str, float | None] = {}
    for _ in range(25):
        name, key, most = MOVED[random.integers(len(MOVED))]
        wish = None if random.integers(4) == 0 else float(random.uniform(0, most))
        bounds[f"{name}__{key}"] = move(page, name, key, wish)
        kept, seconds = kept_by_python(records, **bounds)
        assert set(page.evaluate("page.scores.kept()")) == kept
        now = page.evaluate("page.scores.counts()")
        assert now["kept"] == len(kept)
        assert now["seconds"] == pytest.approx(seconds)


def test_a_bound_on_a_score_is_a_comparison_of_all_bits(root, records, opened):
    page = opened(root)
    for value in (0.07, 0.3):  # scores that several clips have
        page.evaluate(
            """(value) => {
              const slider = page.scores.sliders.find((one) => one.filter === "motion" && one.key === "min");
              slider.steps.push(value);
              page.scores.set(slider, slider.steps.length - 1);
            }""",
            value,
        )
        assert set(page.evaluate("page.scores.kept()")) == kept_by_python(records, motion__min=value)[0]


def test_a_bound_is_moved_by_keys_and_says_what_it_does(root, records, opened):
    page = opened(root)
    slider = page.get_by_role("slider", name="filter.motion.min: clips with less are dropped as too static")
    start = float(slider.get_attribute("aria-valuenow"))

    slider.focus()
    page.keyboard.press("ArrowRight")
    one = float(slider.get_attribute("aria-valuenow"))
    page.keyboard.press("PageUp")
    eleven = float(slider.get_attribute("aria-valuenow"))

    assert start < one < eleven
    kept, seconds = kept_by_python(records, motion__min=eleven)
    dropped = sum(row["value"] < eleven for one in records for row in one.scores if row["filter"] == "motion")
    assert slider.get_attribute("aria-valuetext") == f"{eleven!r}: drops {dropped} clips"
    count = page.inner_text("#scores .count")
    assert count.startswith(f"{len(kept)} clips of {CLIPS_MADE} pass the filters, {int(seconds // 60)} min ")
    assert page.inner_text("#scores-overrides") == f"filter.motion.min={eleven!r}"

    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "off: drops none"
    assert page.inner_text("#scores-overrides") == "filter.motion.min=null"
    page.keyboard.press("End")
    limit = page.get_by_role("slider", name="filter.motion.max: clips with more are dropped as too shaky")
    assert float(slider.get_attribute("aria-valuenow")) <= float(limit.get_attribute("aria-valuenow"))
    page.click("#scores-reset")
    assert not page.is_visible("#scores-copy")
    assert set(page.evaluate("page.scores.kept()")) == kept_by_python(records)[0]


def test_a_bound_is_dragged_and_shows_the_clips_on_each_side(root, records, opened):
    page = opened(root)
    field = page.locator("#scores .score").filter(has_text="luma.white").locator(".field")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 40, steps=4)
    page.mouse.up()

    bound = float(page.inner_text("#scores-overrides").removeprefix("filter.luma.max_white="))
    assert bound == pytest.approx(0.6, abs=0.06)
    assert set(page.evaluate("page.scores.kept()")) == kept_by_python(records, luma__max_white=bound)[0]
    sides = page.locator("#scores .score").filter(has_text="luma.white").locator(".side")
    sides.first.wait_for(state="attached")
    values = [[float(text) for text in side.locator(".badge").all_inner_texts()] for side in sides.all()]
    assert [side.locator(".title").inner_text() for side in sides.all()] == ["Just kept", "Just dropped"]
    assert max(values[0]) <= bound < min(values[1])
    white = sorted(row["value"] for one in records for row in one.scores if row["score"] == "white")
    assert max(values[0]) == max(value for value in white if value <= bound)
    assert min(values[1]) == min(value for value in white if value > bound)


def test_the_command_is_that_of_the_split_with_the_moved_bounds(root, opened):
    page = opened(root)
    move(page, "luma", "max_black", None)

    page.click("#scores summary")

    assert page.inner_text("#scores-command") == (
        f"vidcurate +experiment=split out={root} 'filter=[format,luma,motion]' 'filter.format.codecs=[h264]' "
        "filter.format.min_side=64.0 filter.motion.max=0.9 filter.motion.min=p10 filter.luma.max_black=null"
    )


def test_clips_that_no_bound_brings_back_stay_dropped(root, records):
    store = Store(str(root))
    from vidcurate.report.dataset import read_dataset

    found = thresholds(read_dataset(store, None), FILTERS)

    assert found is not None
    assert {name: len(rows) for name, rows in found.fixed.items()} == {"format": 5 * PER_VIDEO}  # of another codec


def test_bounds_by_which_clips_were_not_judged_cannot_be_moved(tmp_path, caplog):
    store = Store(str(tmp_path))
    write_judged(store)
    bound = {"filter": "motion", "key": "min", "given": "0.9", "value": 0.9}
    store.write_table("tables/bounds/part-0.parquet", table(BOUNDS, [bound]))
    caplog.set_level("INFO", "vidcurate.report")

    write_report(store, {})

    assert data_of(tmp_path)["scores"] == {}
    assert "run.json does not tell the filters that have judged the clips" in caplog.text


def test_what_a_person_keeps_no_bound_drops(tmp_path, records, opened):
    store = Store(str(tmp_path))
    write_judged(store)
    clips = store.read_table("tables/clips/part-0.parquet")
    dropped = clips.filter(pc.invert(clips["kept"]))["clip_id"][0].as_py()
    held = pc.if_else(pc.equal(clips["clip_id"], dropped), f"filtered_clips/{dropped}.mp4", clips["uri"])
    store.write_table("tables/clips/part-0.parquet", clips.set_column(clips.schema.names.index("uri"), "uri", held))
    (tmp_path / "filtered_clips").mkdir()
    write_video(tmp_path / f"filtered_clips/{dropped}.mp4", (5,))
    decisions = [{"id": dropped, "kept": True, "similarity": 0.0, "reason": "reviewed"}]
    store.write_table("semantic/decisions/eps=0.01/part-0.parquet", table(DECISIONS, decisions))

    write_report(store, {})

    page = opened(tmp_path)
    assert set(page.evaluate("page.scores.kept()")) == kept_by_python(records)[0] | {dropped}
    bound = move(page, "motion", "min", 0.5)
    assert set(page.evaluate("page.scores.kept()")) == kept_by_python(records, motion__min=bound)[0] | {dropped}


def test_without_a_record_of_the_filters_there_are_histograms_alone(tmp_path, opened):
    store = Store(str(tmp_path))
    write_judged(store)
    store.remove("run.json")

    write_report(store, {})

    page = opened(tmp_path)
    assert page.locator("#scores [role=slider]").count() == 0
    assert page.locator("#scores svg").count() > 3


def test_a_score_that_is_not_there_is_beyond_no_bound(records):
    (line,) = [line for line in lines(records, FILTERS).bounds if line["key"] == "min"]

    assert asdict(Motion())["min"] is None
    assert line["value"] is not None
    first = [clip["clip_id"] for one in records for clip in one.clips if clip["clip_id"].endswith("-0")]
    kept, _ = kept_by_python(records, motion__min=1.0, motion__max=None)
    assert kept
    assert kept <= set(first)
