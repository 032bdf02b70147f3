from __future__ import annotations

import numpy as np
import pytest

from tests.report.explored import all_clips, clip_id, fate, vectors, write_dataset
from vidcurate.report.section.map import projected


def test_the_projection_is_that_of_the_exact_singular_values():
    vectors = np.random.default_rng(3).normal(size=(200, 48)) * np.linspace(3, 0.1, 48)

    places, share = projected(vectors.astype(np.float32))

    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    centred = unit - unit.mean(axis=0)
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    variance = lengths**2 / np.sum(lengths**2)
    assert share == pytest.approx(variance[:2].tolist(), rel=1e-3)  # what six rounds leave
    for axis in range(2):
        expected = centred @ axes[axis]
        assert abs(np.corrcoef(places[:, axis], expected)[0, 1]) > 0.999


@pytest.mark.parametrize(
    ("vectors", "share"),
    [
        (np.ones((1, 8)), (0, 0)),
        (np.ones((5, 8)), (0, 0)),
        (np.eye(2, 8), (1, 0)),
        (np.ones((3, 1)), (0, 0)),
        (np.array([[1.0], [-1.0]]), (1, 0)),
    ],
)
def test_few_or_equal_vectors_have_a_place(vectors, share):
    places, found = projected(vectors.astype(np.float32))

    assert places.shape == (len(vectors), 2)
    assert np.isfinite(places).all()
    assert found == pytest.approx(share, abs=1e-9)


def test_there_is_a_point_for_each_clip_shaped_by_its_fate(opened, explored):
    page = opened(explored)

    assert page.locator("#map-field .point").count() == len(all_clips()) == 40
    for name, count in (("kept", 28), ("filtered", 8), ("duplicate", 4)):
        assert page.locator(f"#map-field .point.{name}").count() == count
        assert sum(fate(*one)[0] == name for one in all_clips()) == count
        assert f"{name} {count}" in page.locator("#map-key li").all_inner_texts()


def test_points_lie_where_the_vectors_say(opened, explored):
    page = opened(explored)

    found = np.array(page.evaluate("page.map.places"))

    expected, _ = projected(vectors().reshape(-1, 16))
    for axis, sign in ((0, 1), (1, -1)):  # y points down on the page
        assert np.corrcoef(found[:, axis], sign * expected[:, axis])[0, 1] == pytest.approx(1, abs=1e-6)
    assert found.min() > 0
    assert (found[:, 0] < 800).all()
    assert (found[:, 1] < 560).all()


def test_a_pointer_and_arrow_keys_show_a_clip(opened, explored):
    page = opened(explored)
    box = page.locator("#map-field").bounding_box()
    x, y = page.evaluate("page.map.places[7]")

    page.locator("#map-field").scroll_into_view_if_needed()
    box = page.locator("#map-field").bounding_box()
    page.mouse.move(box["x"] + x * box["width"] / 800, box["y"] + y * box["height"] / 560)
    assert page.inner_text("#map-card .id") == clip_id(*all_clips()[7])

    page.focus("#map-field")
    seen = {page.inner_text("#map-card .id")}
    for key in ("ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown") * 3:
        page.keyboard.press(key)
        seen.add(page.inner_text("#map-card .id"))
    assert len(seen) >= 4


@pytest.mark.slow
def test_every_clip_can_be_reached_by_keys(opened, explored):
    page = opened(explored)

    pressed = """(key) => {
        const field = document.getElementById("map-field");
        field.dispatchEvent(new KeyboardEvent("keydown", { key }));
        return document.querySelector("#map-card .id").textContent;
    }"""
    page.focus("#map-field")
    before = [page.evaluate(pressed, "p") for _ in all_clips()]
    reached = before[-1:] + [page.evaluate(pressed, "n") for _ in all_clips()[1:]]

    assert reached == [clip_id(*one) for one in all_clips()]


def test_colours_tell_sources_and_a_group_stands_alone(opened, explored):
    page = opened(explored)

    page.click("#map [data-by=source]")
    assert page.locator("#map-key li").count() == 8
    assert page.locator("#map-field .point.source-0").count() == 5
    page.locator("#map-key button").first.click()
    assert page.locator("#map-field .faded").count() == 35
    page.locator("#map-key button").first.click()
    assert page.locator("#map-field .faded").count() == 0


def test_what_the_map_explains_is_said(opened, explored):
    _, share = projected(vectors().reshape(-1, 16))

    assert f"explain {share[0]:.0%} and {share[1]:.0%} of the variance" in opened(explored).inner_text("#map")


@pytest.mark.slow
def test_many_sources_are_told_apart_by_their_folders(opened, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.report.explored.VIDEO_COUNT", 12)
    page = opened(write_dataset(tmp_path))

    page.click("#map [data-by=source]")

    assert page.locator("#map-key li").all_inner_texts() == ["day0 30", "day1 25", "it's <script>alert('1')< 5"]
