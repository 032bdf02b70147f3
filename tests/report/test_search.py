from __future__ import annotations

import pytest

from tests.report.explored import NASTY, all_clips, caption, clip_id, fate, uri, write_dataset


def holding(query: str) -> list[str]:
    """Clips of the tables of which every word of a query is said, of fate and reason at the beginning of a word."""
    found = []
    for one in all_clips():
        text = "\n".join([clip_id(*one), uri(one[0]), caption(*one)]).lower()
        fates = [*" ".join(fate(*one)).replace("_", " ").split()]
        if all(word in text or any(part.startswith(word) for part in fates) for word in query.lower().split()):
            found.append(clip_id(*one))
    return found


QUERIES = {
    "dog": 8,  # a word of captions
    "cat": 8,  # and no part of duplicate
    "DOG take 3": 1,
    "clip-2-": 5,  # the beginning of an id
    "day1/ride": 15,  # a source
    "too static": 8,  # a reason
    "duplicate": 4,  # a fate
    "<script>": 5,  # the name of a file
    "street": 40,
    "zebra": 0,
}


def test_what_is_found_is_what_the_tables_hold(opened, explored):
    page = opened(explored)

    for query, count in QUERIES.items():
        expected = holding(query)
        page.fill("#search-field", query)

        assert len(expected) == count
        assert page.evaluate("(query) => page.search.matching(query).map((row) => clip(row).id)", query) == expected
        assert page.locator("#search-found li").count() == count
        assert page.inner_text("#search-count") == f"{count} clip{'s' * (count != 1)} of 40."


def test_slash_goes_to_the_field_and_escape_clears_it(opened, explored):
    page = opened(explored)

    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search-field"
    page.keyboard.type("cat/")
    assert page.input_value("#search-field") == "cat/"  # a slash in the field is a letter
    page.keyboard.press("Backspace")
    assert page.locator("#search-found li").count() == 8
    page.keyboard.press("Escape")
    assert page.input_value("#search-field") == ""
    assert page.locator("#search-found").is_hidden()
    assert page.inner_text("#search-count") == "Among all 40 clips of the dataset."
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") != "search-field"


def test_figures_tell_fate_and_reason_and_lead_to_the_video(opened, explored):
    page = opened(explored)

    page.fill("#search-field", "clip-5-3")
    figure = page.locator("#search-found li")
    assert "filtered too static" in figure.inner_text()
    assert figure.locator(".source").get_attribute("title") == NASTY
    figure.get_by_role("button", name="In its video").click()

    assert page.input_value("#shots-video") == "5"
    assert page.inner_text("#shots-card .id") == "clip-5-3"


def test_a_caption_that_is_markup_is_text(opened, explored):
    page = opened(explored)

    page.fill("#search-field", "<b>bold</b>")

    assert page.inner_text("#search-found .said") == caption(1, 1)
    assert page.locator("#search-found b").count() == 0


@pytest.mark.slow
def test_more_than_are_shown_are_counted(opened, tmp_path):
    from vidcurate.report import write_report
    from vidcurate.store.files import Store
    from vidcurate.table import CLIPS, table

    store = Store(str(tmp_path))
    rows = [
        {"clip_id": f"c{n:03d}", "video_id": "v", "start": 4.0 * n, "end": 4.0 * n + 4, "duration": 4.0, "width": 64,
         "height": 36, "fps": 25.0, "kept": True, "reason": ""}
        for n in range(120)
    ]  # fmt: skip
    store.write_table("tables/clips/part-0.parquet", table(CLIPS, rows))
    write_report(store, {})
    page = opened(tmp_path)

    page.fill("#search-field", "c0")

    assert page.inner_text("#search-count") == "100 clips of 120; the first 48 are shown."
    assert page.locator("#search-found li").count() == 48


@pytest.mark.slow
def test_captions_that_the_page_does_not_hold_are_told(opened, explored, tmp_path, monkeypatch):
    from vidcurate.report import clips

    assert "Captions" not in opened(explored).inner_text("#search-count")

    monkeypatch.setattr(clips, "CAPTION_BYTES", 1000)  # of clips that are shown only
    monkeypatch.setattr("tests.report.explored.VIDEO_COUNT", 60)
    page = opened(write_dataset(tmp_path))

    known = page.evaluate("Object.keys(clips.captions).length")
    assert 0 < known < 300
    assert f"Captions are searched of {known} clips; 300 have one." in page.inner_text("#search-count")
