from __future__ import annotations

import pytest

from tests.report.explored import NASTY, SPANS, VIDEO_COUNT, clip_id, fate, uri


def test_the_clips_of_a_timeline_are_those_of_the_tables(opened, explored):
    page = opened(explored)

    for video in range(VIDEO_COUNT):
        page.select_option("#shots-video", index=video)
        found = page.evaluate(
            "(video) => page.shots.clipsOf(video).map((one) => [one.id, one.start, one.end, one.fate, one.source])",
            video,
        )
        assert found == [
            [clip_id(video, place), start, end, fate(video, place)[0], uri(video)]
            for place, (start, end) in enumerate(SPANS)
        ]
        assert page.locator("#shots-line .block").count() == len(SPANS)
        assert page.evaluate("(video) => page.shots.cuts(video)", video) == [8.0, 15.0]


def test_a_block_is_as_wide_as_its_clip_lasts(opened, explored):
    page = opened(explored)
    line = page.locator("#shots-line").bounding_box()

    for place, (start, end) in enumerate(SPANS):
        box = page.locator("#shots-line .block").nth(place).bounding_box()
        assert box["x"] - line["x"] == pytest.approx(start / 60 * line["width"], abs=2.0)
        assert box["width"] == pytest.approx((end - start) / 60 * line["width"], abs=3.0)  # the seam, and the outline


def test_arrow_keys_go_from_clip_to_clip_and_the_card_tells_all(opened, explored):
    page = opened(explored)
    page.select_option("#shots-video", index=6)

    page.focus("#shots-line")
    assert page.inner_text("#shots-card .id") == clip_id(6, 0)
    said = page.inner_text("#shots-card")
    assert "Clip 1 of 5" in said
    assert "duplicate semantic duplicate, cosine 0.9875 of ride-2.mp4" in said
    assert "0:00.0–0:08.0 · 1280×960" in said  # noqa: RUF001  # as the page has it
    assert "A dog crosses the street, take 6." in said
    assert "motion\n0.7" in said
    page.keyboard.press("End")
    assert page.inner_text("#shots-card .id") == clip_id(6, 4)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#shots-card .id") == clip_id(6, 3)
    assert "filtered too static" in page.inner_text("#shots-card")
    assert page.locator("#shots-line .now").count() == 1


def test_scores_stand_below_their_clips(opened, explored):
    page = opened(explored)
    page.select_option("#shots-video", index=7)

    # By hand: 0.8, 1.6, ... 4 of all between 0.1 and 4.
    heights = [float(one.get_attribute("height")) for one in page.locator("#shots-line .score").all()]
    assert heights == pytest.approx([2 + 18 * (0.8 * n - 0.1) / 3.9 for n in range(1, 6)], abs=1e-3)
    assert page.inner_text("#shots-range") == "0.1 to 4"
    page.select_option("#shots-score", label="none")
    assert page.locator("#shots-line .score").count() == 0


def test_a_duplicate_leads_to_the_clip_that_is_kept(opened, explored):
    page = opened(explored)
    page.select_option("#shots-video", index=6)

    page.click("#shots-card .leading")

    assert page.input_value("#shots-video") == "2"
    assert page.inner_text("#shots-card .id") == clip_id(2, 0)
    assert page.evaluate("document.activeElement.id") == "shots-line"


def test_a_name_that_is_markup_is_text(opened, explored):
    page = opened(explored)

    assert f"{NASTY} · 5 clips" in page.locator("#shots-video option").all_inner_texts()
    page.select_option("#shots-video", index=5)
    assert page.locator("#shots-card .source").get_attribute("title") == NASTY


def test_all_that_is_drawn_is_explained_without_colour(opened, explored):
    page = opened(explored)
    page.select_option("#shots-video", index=6)

    assert page.locator("#shots-key li").all_inner_texts() == ["kept 3", "filtered 1", "duplicate 1"]
    assert page.locator("#shots-line .sign").count() == 2
    assert "5 clips, 74.2% of 1 min 00 s; 2 borders where two touch." in page.inner_text("#shots-sum")


@pytest.mark.slow
def test_a_video_of_many_clips_takes_several_rows(opened, tmp_path):
    from vidcurate.report import write_report
    from vidcurate.store.files import Store
    from vidcurate.table import CLIPS, VIDEOS, table

    store = Store(str(tmp_path))
    videos = [{"video_id": "v", "uri": "long.mp4", "status": "processed", "duration": 400.0}]
    rows = [
        {"clip_id": f"c{n:03d}", "video_id": "v", "start": 4.0 * n, "end": 4.0 * n + 4, "duration": 4.0, "width": 64,
         "height": 36, "fps": 25.0, "kept": True, "reason": ""}
        for n in range(100)
    ]  # fmt: skip
    store.write_table("tables/videos/part-0.parquet", table(VIDEOS, videos))
    store.write_table("tables/clips/part-0.parquet", table(CLIPS, rows))
    write_report(store, {})

    page = opened(tmp_path)

    assert page.locator("#shots-line svg").count() == 5  # 24 clips a row
    assert len(page.evaluate("page.shots.cuts(0)")) == 99
    assert page.locator("#shots-line .axis span").first.inner_text() == "0:00.0"
    assert page.locator("#shots-line .axis span").last.inner_text() == "6:40.0"
