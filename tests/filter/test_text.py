from __future__ import annotations

import importlib.util
import sys

import cv2
import numpy as np
import pytest

from tests.frames import frames_of
from vidcurate.errors import MissingExtra
from vidcurate.filter.text import Text, overlap
from vidcurate.model.text_detector import lines
from vidcurate.registry import fingerprint
from vidcurate.source.sample import CLIPS
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe
from vidcurate.video.sample import Resize

needs_network = pytest.mark.skipif(
    importlib.util.find_spec("rapidocr") is None or importlib.util.find_spec("onnxruntime") is None,
    reason="needs the extra text",
)


def score(images: list[np.ndarray]) -> dict[str, float]:
    return Text().load("cpu")(frames_of(np.stack(images), fps=1))


def scene(step: int) -> np.ndarray:
    """A frame of a sample video, as the filter asks for it."""
    path = str(CLIPS / "flower.mp4")
    info = probe(path)
    frames = (frame for index, (_, frame) in enumerate(Decoding(path, info)) if index == 10 * step)
    return Resize(info, 640, 384)(next(frames))


def titled(image: np.ndarray, text: str, at: tuple[int, int]) -> np.ndarray:
    return cv2.putText(image.copy(), text, at, cv2.FONT_HERSHEY_SIMPLEX, 1.2, (255, 255, 255), 3, cv2.LINE_AA)


@needs_network
def test_a_scene_without_text_has_none():
    assert score([scene(0), scene(1)]) == {"area": 0.0, "overlay": 0.0}


@needs_network
def test_a_title_that_stays_at_the_bottom_is_an_overlay():
    scores = score([titled(scene(step), "Subscribe to our channel", (60, 360)) for step in (0, 1)])

    # The line is about 500 x 35 of 640 x 384 pixels: .07; the detector's box is wider by its margin.
    assert 0.05 < scores["area"] < 0.15
    assert scores["overlay"] == 1.0


@needs_network
def test_text_in_the_middle_is_text_but_no_overlay():
    scores = score([titled(scene(step), "Subscribe to our channel", (60, 205)) for step in (0, 1)])

    assert scores["area"] > 0.05
    assert scores["overlay"] == 0.0


@needs_network
def test_text_that_moves_with_the_scene_is_no_overlay():
    scores = score([titled(scene(0), "OPEN", (60, 360)), titled(scene(0), "OPEN", (400, 360))])

    assert scores["area"] > 0.01
    assert scores["overlay"] == 0.0


# One line at the bottom edge in the first two of four frames, at another place in the third.
def test_overlay_is_the_share_of_frames_whose_line_is_in_a_neighbour_too():
    here, there, none = [[0.1, 0.85, 0.9, 0.95]], [[0.1, 0.02, 0.5, 0.12]], np.empty((0, 4))
    seen = [np.array(boxes, np.float32) for boxes in (here, here, there, none)]

    scores = Text()._score(seen)

    assert scores["overlay"] == 0.5
    assert scores["area"] == pytest.approx((0.08 + 0.08 + 0.04) / 4, abs=1e-6)


def test_overlap_is_intersection_over_union():
    one = np.array([[0, 0, 2, 2]], np.float32)
    two = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]], np.float32)

    np.testing.assert_allclose(overlap(one, two), [[1.0, 2 / 6, 0.0]], atol=1e-6)


def test_a_core_is_grown_by_its_area_over_its_perimeter():
    probabilities = np.zeros((100, 200), np.float32)
    probabilities[40:50, 50:150] = 0.9  # 100 x 10: grown by 1.6 * 1000 / 220 = 7.27
    probabilities[80:90, 50:150] = 0.4  # a pixel's worth of doubt throughout: no line
    probabilities[5:7, 5:60] = 0.9  # too thin

    np.testing.assert_allclose(lines(probabilities), [[42.727, 32.727, 157.273, 57.273]], atol=1e-3)


@pytest.mark.parametrize(
    ("bounds", "reason"), [({}, None), ({"max_area": 0.1}, "text"), ({"max_overlay": 0.4}, "text_overlay")]
)
def test_clips_above_a_bound_are_dropped_with_its_reason(bounds, reason):
    assert Text(**bounds).reason({"area": 0.11, "overlay": 0.5}) == reason


def test_bounds_do_not_change_what_was_scored_but_the_rate_does():
    assert fingerprint(Text(max_area=0.1)) == fingerprint(Text())
    assert fingerprint(Text(fps=2)) != fingerprint(Text())


@pytest.mark.parametrize("ask", [Text.check, lambda text: text.load("cpu")])
def test_without_the_package_the_message_names_the_extra(ask, monkeypatch):
    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(MissingExtra, match=r"text needs onnxruntime.*vidcurate\[text\]"):
        ask(Text())


@pytest.mark.slow
@needs_network
@pytest.mark.corpus
@pytest.mark.parametrize(
    ("file", "low", "high"),
    [
        ("subtitle_burned_text.mp4", 0.05, 0.2),
        ("slides_talk_1080p.mp4", 0.05, 0.3),
        ("coffee_pour_720p.mp4", 0.0, 0.005),
        ("fingers_walk.mov", 0.0, 0.005),
        ("earth_night_480x270.mp4", 0.0, 0.005),
    ],
)
def test_real_clips_have_text_or_have_not(corpus, file, low, high):
    path = str(corpus / "raw" / file)
    info = probe(path)
    resize = Resize(info, 640, 384)
    images = [resize(frame) for index, (_, frame) in enumerate(Decoding(path, info)) if index in (10, 40)]

    assert low <= score(images)["area"] <= high
