from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.frames import frames_of
from vidcurate.filter.luma import Luma, luma
from vidcurate.registry import fingerprint


def score(images: np.ndarray) -> dict[str, float]:
    return Luma().load("cpu")(frames_of(images))


def grey(*levels: int) -> np.ndarray:
    """Frames of one shade each."""
    return np.stack([np.full((36, 64, 3), level, np.uint8) for level in levels])


def thumbnails(path: Path) -> np.ndarray:
    """All frames of a file, as small as the filter sees them."""
    with av.open(str(path)) as container:
        frames = [frame.reformat(64, 36, "rgb24") for frame in container.decode(video=0)]
    return np.stack([frame.to_ndarray() for frame in frames])


def test_luma_weighs_the_channels_as_bt601_does():
    images = np.array([[[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]]], np.uint8)

    np.testing.assert_allclose(luma(images), [[[76.245, 149.685, 29.07, 255.0]]], atol=1e-4)


def test_scores_are_shares_of_the_clip():
    assert score(grey(0, 0, 255, 51)) == {
        "black": 0.5, "white": 0.25, "static": pytest.approx(1 / 3), "clipped": 0.25, "highlights": 1.0
    }  # fmt: skip


def test_a_dark_picture_with_a_lamp_is_not_black():
    images = grey(5)
    images[:, :6, :10] = 200  # 60 of 2304 pixels, 2.6 %

    assert score(images)["black"] == 0.0


def test_noise_below_the_threshold_is_black():
    images = np.random.default_rng(0).integers(0, 20, (3, 36, 64, 3), np.uint8)

    assert score(images)["black"] == 1.0


def test_a_bright_picture_with_text_is_not_white():
    images = grey(255)
    images[:, 10:20, 10:20] = 0  # 100 of 2304 pixels, 4.3 %

    assert score(images)["white"] == 0.0


def test_noise_of_compression_is_static_and_a_small_thing_that_moves_is_not():
    noisy, moving = grey(100, 103), grey(100, 100)
    moving[1, 20, 30] = 110

    assert score(noisy)["static"] == 1.0
    assert score(moving)["static"] == 0.0


def test_one_frame_is_not_static():
    assert score(grey(128))["static"] == 0.0


def test_a_window_behind_a_dark_room_is_burnt_out_and_the_room_is_not_underexposed():
    images = grey(20, 20)
    images[:, :, :16] = 255  # a quarter of the picture

    assert score(images)["clipped"] == 0.25
    assert score(images)["highlights"] == 1.0


def test_one_pixel_in_a_thousand_is_no_light():
    images = grey(40)
    images[:, 0, :2] = 255  # 2 of 2304 pixels

    assert score(images)["highlights"] == pytest.approx(40 / 255, abs=1e-6)


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [
        ({}, None),
        ({"max_black": 0.4}, "black"),
        ({"max_black": 0.5}, None),
        ({"max_white": 0.0}, "white"),
        ({"max_static": 0.1}, "static"),
        ({"max_white": 0.0, "max_static": 0.1}, "white"),
        ({"max_clipped": 0.3}, "overexposed"),
        ({"min_highlights": 0.4}, "underexposed"),
        ({"max_clipped": 0.31, "min_highlights": 0.35}, None),
        ({"max_black": 1.0, "max_white": 1.0, "max_static": 1.0}, None),
    ],
)
def test_a_clip_above_a_bound_is_dropped_and_one_on_it_is_kept(bounds, reason):
    scores = {"black": 0.5, "white": 0.25, "static": 0.33, "clipped": 0.31, "highlights": 0.35}

    assert Luma(**bounds).reason(scores) == reason


def test_bounds_do_not_change_what_was_scored():
    assert fingerprint(Luma(max_black=0.1, max_white=0.2, max_static=0.3)) == fingerprint(Luma())


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("file", "low", "high"), [("dark_underexposed.mp4", 0.25, 0.35), ("earth_night_480x270.mp4", 0.4, 1.0)]
)
def test_a_dim_street_has_no_light_and_a_starry_sky_has(corpus, file, low, high):
    assert low < score(thumbnails(corpus / "raw" / file))["highlights"] < high


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("file", "black", "static"),
    [
        ("black_3s.mp4", 1.0, 1.0),
        ("still_frame_4s.mp4", 0.0, 1.0),
        ("dark_underexposed.mp4", 0.0, 0.0),
        ("flies_384x384.mp4", 0.0, None),
    ],
)
def test_real_clips_score_as_a_viewer_would(corpus, file, black, static):
    scores = score(thumbnails(corpus / "raw" / file))

    assert scores["black"] == black
    assert static is None or scores["static"] == static
