"""What the report looks like, for people: `outputs/screenshots`, which CI keeps, and the picture of the README.

vidcurate +experiment=quickstart && pytest -m slow tests/report/test_screenshots.py
cp outputs/screenshots/readme.png docs/report.png
"""

from __future__ import annotations

from pathlib import Path

import pytest

from vidcurate.report import write_report
from vidcurate.store.files import Store

OUTPUTS = Path(__file__).parents[2] / "outputs"
README = {"width": 1100, "height": 2015}
"""Pixels that the README shows."""
LEFT_OUT = (
    "#search, #reasons, #failures, #statistics, #rejects, #scores .score:not(.shown), #scores h3, #scores .charts"
)
"""What it has no room for."""


@pytest.fixture(scope="module")
def dataset() -> Path:
    """The quickstart's, with the page of today."""
    root = OUTPUTS / "quickstart"
    if not (root / "summary.json").exists():
        pytest.skip("needs the dataset of `vidcurate +experiment=quickstart`")
    store = Store(str(root))
    write_report(store, store.read_json("summary.json"))
    OUTPUTS.joinpath("screenshots").mkdir(exist_ok=True)
    return root


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_fits_the_window_and_is_kept_as_a_picture(dataset, opened, width, scheme):
    page = opened(dataset, width=width, scheme=scheme)
    for picture in page.locator("img").all():
        picture.scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, 0)")

    page.screenshot(path=OUTPUTS / f"screenshots/report-{width}-{scheme}.png", full_page=True)

    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("[...document.images].every((one) => one.naturalWidth > 0)")


@pytest.mark.slow
def test_the_picture_of_the_readme_is_kept(dataset, opened):
    page = opened(dataset, width=README["width"])
    page.set_viewport_size(README)
    page.evaluate(
        """(names) => document.querySelectorAll("#scores .score").forEach((one) =>
             one.classList.toggle("shown", names.includes(one.querySelector(".source").textContent)))""",
        ["luma.highlights", "motion"],
    )
    page.evaluate("(names) => document.querySelectorAll(names).forEach((one) => one.remove())", LEFT_OUT)
    page.get_by_role("slider", name="filter.motion.min").focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")

    page.screenshot(path=OUTPUTS / "screenshots/readme.png")

    assert page.inner_text("#scores-overrides").startswith("filter.motion.min=")
