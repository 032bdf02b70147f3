from __future__ import annotations

import numpy as np
import pytest

from tests.frames import frames_of
from vidcurate.filter.letterbox import Letterbox
from vidcurate.registry import fingerprint
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe
from vidcurate.video.sample import Resize

SIDE = 128


def bars(images: np.ndarray) -> float:
    return Letterbox().load("cpu")(frames_of(images))["bars"]


def film(count: int = 4, least: int = 0, most: int = 256) -> np.ndarray:
    """Frames of noise between two levels."""
    return np.random.default_rng(0).integers(least, most, (count, SIDE, SIDE, 3), np.uint8)


def test_a_full_picture_has_no_bars():
    assert bars(film()) == 0.0


def test_bars_above_and_below_count_with_their_share_of_the_height():
    images = film()
    images[:, :16] = images[:, -16:] = 0

    assert bars(images) == 0.25


def test_bars_at_the_sides_count_with_their_share_of_the_width():
    images = film()
    images[:, :, :8] = images[:, :, -24:] = 0

    assert bars(images) == 0.25


def test_bars_all_around_count_with_their_area():
    images = film()
    images[:, :32] = images[:, -32:] = 0
    images[:, :, :32] = images[:, :, -32:] = 0

    assert bars(images) == 0.75


def test_a_portrait_between_pillars_is_a_picture():
    # 9:16 in 16:9 leaves 40.5 of 128 columns.
    images = film()
    images[:, :, :44] = images[:, :, -44:] = 0

    assert bars(images) == 0.6875


def test_noise_of_compression_and_black_that_is_grey_are_bars():
    images = film()
    images[:, :16] = film(least=10, most=24)[:, :16]

    assert bars(images) == 0.125


def test_white_borders_are_no_bars():
    images = film()
    images[:, :16] = 255

    assert bars(images) == 0.0


def test_a_border_that_is_lit_for_a_moment_is_no_bar():
    images = film()
    images[:3, :16] = 0

    assert bars(images) == 0.0


def test_a_black_clip_has_no_picture_and_no_bars():
    assert bars(np.zeros((4, SIDE, SIDE, 3), np.uint8)) == 0.0


@pytest.mark.parametrize("radius", [3, 10, 20, 45])
def test_a_dark_scene_with_a_lamp_has_no_bars(radius):
    images = film(most=20)
    rows, columns = np.indices((SIDE, SIDE))
    images[:, np.hypot(rows - 60, columns - 70) < radius] = 200

    assert bars(images) == 0.0


def test_a_dark_scene_between_bars_is_seen_where_something_lights_it_up():
    images = film(most=20)
    images[2] = 120
    images[:, :16] = images[:, -16:] = 0

    assert bars(images) == 0.25


def test_a_smeared_edge_is_an_edge():
    images = film()
    images[:, :16] = 0
    images[:, 16, ::3] = 30
    images[:, 16, 1::3] = images[:, 16, 2::3] = 10

    assert bars(images) == 0.125


def test_no_frames_have_no_bars():
    assert bars(film(0)) == 0.0


@pytest.mark.parametrize(("value", "reason"), [(0.2001, "letterboxed"), (0.2, None), (0.0, None)])
def test_clips_above_the_bound_are_dropped_and_those_on_it_are_kept(value, reason):
    assert Letterbox(max=0.2).reason({"bars": value}) == reason


def test_without_a_bound_every_clip_is_kept():
    assert Letterbox().reason({"bars": 0.9}) is None


def test_the_bound_does_not_change_what_was_scored():
    assert fingerprint(Letterbox(max=0.1)) == fingerprint(Letterbox())


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("sintel_trailer_30s_480p.mp4", 0.234),  # 2.35:1 in 16:9
        ("chaplin_640x360.mp4", 0.219),  # about 4:3 in 16:9
        ("dark_underexposed.mp4", 0.0),
        ("coffee_pour_720p.mp4", 0.0),
        ("black_3s.mp4", 0.0),
    ],
)
def test_real_clips_have_the_bars_that_a_viewer_sees(corpus, file, expected):
    path = str(corpus / "raw" / file)
    info = probe(path)
    resize = Resize(info, SIDE, SIDE)
    images = np.stack([resize(frame) for index, (_, frame) in enumerate(Decoding(path, info)) if index % 20 == 5])

    # Two rows or columns of 128: where scaling leaves the edge.
    assert bars(images) == pytest.approx(expected, abs=2 / SIDE)
