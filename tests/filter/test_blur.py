from __future__ import annotations

import numpy as np
import pytest

from tests.frames import frames_of
from vidcurate.filter.blur import Blur, sharpness
from vidcurate.registry import fingerprint
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe
from vidcurate.video.sample import Resize


def score(images: np.ndarray) -> float:
    return Blur().load("cpu")(frames_of(images))["sharpness"]


def picture(levels: np.ndarray) -> np.ndarray:
    """One grey frame."""
    return np.repeat(np.asarray(levels).round().astype(np.uint8)[None, ..., None], 3, axis=3)


def wave(length: float, contrast: float = 100, mean: float = 128) -> np.ndarray:
    """Vertical stripes, `length` pixels from one to the next."""
    return picture(np.tile(mean + contrast * np.cos(2 * np.pi * (np.arange(128) + 0.5) / length), (72, 1)))


def test_a_chessboard_of_single_pixels_is_the_sharpest_picture():
    # Each pixel differs by 255 from its four neighbours: 4 * 255 against a deviation of 127.5, one 8 of 8; the border
    # has fewer neighbours, hence the tolerance.
    assert score(picture(255 * (np.indices((72, 128)).sum(axis=0) % 2))) == pytest.approx(1.0, abs=0.02)


def test_white_noise_has_the_ratio_that_its_independent_pixels_give():
    # Variance of 4 a - b - c - d - e: 16 + 1 + 1 + 1 + 1 = 20 times that of a; sqrt(20) / 8. Chance and border: 2 %.
    images = picture(np.random.default_rng(0).integers(0, 256, (72, 128)))

    assert score(images) == pytest.approx(0.559, rel=0.02)


def test_stripes_score_by_their_width():
    # The Laplacian of a wave is the wave times 2 - 2 cos(2 pi / length): .586 at 8 pixels, .152 at 16; over 8. Levels
    # are rounded: 1 %.
    assert score(wave(8)) == pytest.approx(0.0732, rel=0.01)
    assert score(wave(16)) == pytest.approx(0.0190, rel=0.01)


def test_dark_and_pale_pictures_are_not_blurred():
    # The floor of one squared level under a variance of 200, and rounding, which is a little noise.
    assert score(wave(8, contrast=20, mean=25)) == pytest.approx(score(wave(8)), rel=0.02)


def test_a_picture_of_one_shade_has_no_sharpness():
    assert score(np.full((3, 72, 128, 3), 90, np.uint8)) == 0.0


def test_a_few_blurred_frames_do_not_blur_a_clip():
    sharp, soft = wave(8), wave(32)

    assert score(np.concatenate([soft, sharp, sharp, soft, sharp])) == score(sharp)
    assert score(np.concatenate([soft, sharp, soft, soft, sharp])) == score(soft)


def test_every_frame_has_its_own_sharpness():
    rows = sharpness(np.concatenate([wave(8), wave(32)]))

    np.testing.assert_array_equal(rows, [*sharpness(wave(8)), *sharpness(wave(32))])


def test_no_frames_have_no_sharpness():
    assert score(np.empty((0, 72, 128, 3), np.uint8)) == 0.0


@pytest.mark.parametrize(("value", "reason"), [(0.0299, "blurred"), (0.03, None), (0.5, None)])
def test_clips_below_the_bound_are_dropped_and_those_on_it_are_kept(value, reason):
    assert Blur(min=0.03).reason({"sharpness": value}) == reason


def test_without_a_bound_every_clip_is_kept():
    assert Blur().reason({"sharpness": 0.0}) is None


def test_the_bound_does_not_change_what_was_scored():
    assert fingerprint(Blur(min=0.1)) == fingerprint(Blur())


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("file", "blurred"),
    [
        ("blurred_heavy.mp4", True),
        ("dark_underexposed.mp4", False),
        ("greenscreen_man_320x192_59.94.mp4", False),  # the least sharp of those that are not blurred
        ("still_frame_4s.mp4", False),
    ],
)
def test_real_clips_are_blurred_as_a_viewer_would_say(corpus, file, blurred):
    path = str(corpus / "raw" / file)
    info, small = probe(path), Blur().sampling
    resize = Resize(info, small.width, small.height)
    images = np.stack([resize(frame) for index, (_, frame) in enumerate(Decoding(path, info)) if index % 20 == 5])

    assert (Blur(min=0.03).reason({"sharpness": score(images)}) == "blurred") is blurred
