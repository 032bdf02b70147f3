"""However many clips there are, the report is one file of less than 15 MB that a browser opens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.report.test_page import data_of
from vidcurate.filter.luma import Luma
from vidcurate.filter.motion import Motion
from vidcurate.recipe import Recipe
from vidcurate.report import clips as showing
from vidcurate.report import write_report
from vidcurate.store.files import Store
from vidcurate.store.provenance import write_provenance
from vidcurate.table import BOUNDS, CAPTIONS, CLIPS, DECISIONS, SCORES, VIDEOS, table

LIMIT = 15_000_000
NAMES = {"motion": ["motion"], "luma": ["black", "white", "static", "clipped", "highlights"]}


def write_many(root: Path, count: int, *, picture_bytes: int, previews: int = 600) -> None:
    """Clips of 100 videos with six scores and a caption each, half of them duplicates; some hundred have previews."""
    store, random = Store(str(root)), np.random.default_rng(0)
    ids = [f"{number:08x}-7f3a-4c1e-9b1d-{number * 7919:012x}" for number in range(count)]
    videos = [{"video_id": f"v{number}", "uri": f"camera/{number}.mp4", "status": "processed", "duration": 3600.0}
              for number in range(100)]  # fmt: skip
    scores = {(entry, score): random.uniform(size=count) for entry, found in NAMES.items() for score in found}
    kept = scores["motion", "motion"] >= 0.1
    columns = {
        "clip_id": ids, "video_id": [f"v{number % 100}" for number in range(count)],
        "uri": pa.nulls(count, pa.string()), "start": random.uniform(0, 3600, count),
        "duration": random.uniform(1, 20, count), "width": np.full(count, 1920, np.int32),
        "height": np.full(count, 1080, np.int32), "kept": kept, "reason": np.where(kept, "", "too_static"),
    }  # fmt: skip
    missing = {field.name: pa.nulls(count, field.type) for field in CLIPS if field.name not in columns}
    clips = pa.table({field.name: (columns | missing)[field.name] for field in CLIPS}, schema=CLIPS)
    rows = [
        pa.table(
            {
                "clip_id": ids, "filter": [entry] * count, "score": [score] * count, "value": values,
                "kept": kept if entry == "motion" else np.ones(count, np.bool_),
                "reason": np.where(kept | (entry != "motion"), "", "too_static"),
            },
            schema=SCORES,
        )
        for (entry, score), values in scores.items()
    ]  # fmt: skip
    words = [f"A red car {number} passes a house, and a cat looks at it for a while." for number in range(count)]
    captions = table(CAPTIONS, ({"clip_id": name, "caption": said} for name, said in zip(ids, words, strict=True)))
    witness = [None if number % 2 == 0 else ids[number - 1] for number in range(count)]
    decisions = pa.table(
        {
            "id": ids, "kept": [name is None for name in witness], "witness_id": witness,
            "similarity": random.uniform(0.95, 1, count).astype(np.float32),
            "group_id": [name or ids[number] for number, name in enumerate(witness)],
            "reason": ["" if name is None else "semantic_duplicate" for name in witness],
        },
        schema=DECISIONS,
    )  # fmt: skip
    bound = {"filter": "motion", "key": "min", "given": "0.1", "value": 0.1}
    store.write_table("tables/videos/part-0.parquet", table(VIDEOS, videos))
    store.write_table("tables/clips/part-0.parquet", clips)
    store.write_table("tables/scores/part-0.parquet", pa.concat_tables(rows))
    store.write_table("tables/captions/part-0.parquet", captions)
    store.write_table("tables/bounds/part-0.parquet", table(BOUNDS, [bound]))
    store.write_table("semantic/decisions/eps=0.05/part-0.parquet", decisions)
    write_provenance(store, ["split"], Recipe(filter=(Motion(min=0.1), Luma())).config())
    for name in ids[:: max(1, count // previews)]:
        store.write(f"previews/{name}.jpg", random.bytes(picture_bytes))


@pytest.mark.slow
def test_as_many_clips_as_the_page_holds_take_less_than_the_limit(tmp_path, opened):
    write_many(tmp_path, showing.ALL, picture_bytes=30_000)

    write_report(Store(str(tmp_path)), {})

    size = (tmp_path / "report.html").stat().st_size
    assert 5_000_000 < size < LIMIT
    assert len(data_of(tmp_path)["columns"]["ids"]) == showing.ALL
    page = opened(tmp_path)
    assert page.locator("#scores [role=slider]").count() == 7
    slider = page.get_by_role("slider", name="filter.motion.min")
    slider.focus()
    page.keyboard.press("PageUp")
    bound = float(slider.get_attribute("aria-valuenow"))
    kept = int((np.random.default_rng(0).uniform(size=showing.ALL) >= bound).sum())
    assert bound > 0.1
    assert page.inner_text("#scores .count").startswith(f"{kept:,} clips of 50,000 pass the filters")


@pytest.mark.slow
def test_of_more_clips_the_page_shows_some_and_says_so(tmp_path, opened, monkeypatch):
    monkeypatch.setattr(showing, "ALL", 1000)
    monkeypatch.setattr(showing, "PICTURE_BYTES", 200_000)
    write_many(tmp_path, 1200, picture_bytes=10_000, previews=1200)

    write_report(Store(str(tmp_path)), {})

    found, pictures = data_of(tmp_path), data_of(tmp_path, "pictures")
    assert found["columns"]["all"] is False
    assert 200_000 < sum(map(len, pictures.values())) < 215_000
    page = opened(tmp_path)
    assert page.locator("#scores svg").count() == 6
    assert page.locator("#scores [role=slider]").count() == 0
    assert "These histograms are of all 1,200 clips." in page.inner_text("#scores")
    linked = [image.get_attribute("src") for image in page.locator("#sheet img").all()]
    assert linked[-1].startswith("previews/")
    assert (tmp_path / linked[-1]).exists()
