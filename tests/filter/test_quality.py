from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from tests.frames import frames_of
from vidcurate.filter.quality import Quality, blockiness, blur, noise
from vidcurate.registry import fingerprint

SIZE = (192, 320)


def scene(seed: int = 0) -> np.ndarray:
    """Boxes of all sizes, one before the other, as things stand in a picture: float32."""
    rng = np.random.default_rng(seed)
    picture = np.full(SIZE, 128, np.float32)
    for side in np.geomspace(150, 6, 400):
        high, wide = (rng.uniform(0.5, 1, 2) * side).astype(int) + 1
        top, left = (rng.uniform(-high, edge) for edge, high in zip(SIZE, (high, wide), strict=True))
        picture[max(0, int(top)) : int(top) + high, max(0, int(left)) : int(left) + wide] = rng.uniform(20, 230)
    return picture


def score(*pictures: np.ndarray) -> dict[str, float]:
    grey = [np.repeat(np.clip(np.rint(picture), 0, 255).astype(np.uint8)[..., None], 3, axis=2) for picture in pictures]
    return Quality().load("cpu")(frames_of(np.stack(grey)))


def blurred(picture: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian blur, in frequencies."""
    down, right = np.meshgrid(*(np.fft.fftfreq(side) for side in SIZE), indexing="ij")
    keep = np.exp(-2 * (np.pi * sigma) ** 2 * (down**2 + right**2))
    return np.fft.ifft2(np.fft.fft2(picture) * keep).real.astype(np.float32)


def encoded(path: Path, crf: int) -> np.ndarray:
    """The scene after x264, panned a little from frame to frame; the seventh frame."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25))
        stream.height, stream.width, stream.pix_fmt = *SIZE, "yuv420p"
        stream.options = {"crf": str(crf), "preset": "veryfast"}
        for number in range(8):
            image = np.repeat(np.roll(scene(), number, axis=1).astype(np.uint8)[..., None], 3, axis=2)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)][6].astype(np.float32)


def test_quality_falls_as_the_crf_of_x264_rises(tmp_path):
    scores = [score(encoded(tmp_path / f"{crf}.mp4", crf)) for crf in (18, 28, 38, 48)]

    assert all(better["quality"] > worse["quality"] for better, worse in pairwise(scores))
    assert all(sharper["blur"] < softer["blur"] for sharper, softer in pairwise(scores))


def test_quality_falls_as_the_picture_is_blurred():
    scores = [score(blurred(scene(), sigma)) for sigma in (0, 0.7, 1.2, 2, 4)]

    assert all(better["quality"] > worse["quality"] for better, worse in pairwise(scores))
    assert all(sharper["blur"] < softer["blur"] for sharper, softer in pairwise(scores))


def test_quality_falls_as_noise_is_added():
    grain = np.random.default_rng(1).normal(size=SIZE)
    scores = [score(scene() + sigma * grain) for sigma in (0, 3, 6, 12, 24)]

    assert all(better["quality"] > worse["quality"] for better, worse in pairwise(scores))


@pytest.mark.parametrize("sigma", [2.0, 5.0, 12.0])
def test_noise_is_measured_in_levels(sigma):
    flat = np.full(SIZE, 128, np.float32)
    flat[:, 160:] = 20  # an edge does not count
    grain = np.random.default_rng(2).normal(0, sigma, SIZE)

    # 15,360 coefficients: the median is good to two in a hundred.
    assert noise((flat + grain).astype(np.float32)) == pytest.approx(sigma, rel=0.05)


def test_steps_at_every_eighth_pixel_are_blocks_and_elsewhere_are_none():
    tiles = np.random.default_rng(3).integers(0, 256, (24, 40)).astype(np.float32)
    blocks = np.kron(tiles, np.ones((8, 8), np.float32))

    assert blockiness(blocks) == 1.0
    assert blockiness(np.roll(blocks, 3, axis=(0, 1))) == 0.0
    assert blockiness(np.full(SIZE, 9, np.float32)) == 0.0


# A step of one pixel keeps 1/9 of its height in a mean over nine pixels, wherever it lies in them; a ramp keeps all.
def test_the_blur_of_a_step_and_of_a_ramp():
    step = np.zeros((32, 64), np.float32)
    step[:, 32:] = 90
    ramp = np.tile(np.arange(64, dtype=np.float32), (32, 1))

    assert blur(step) == 1.0  # along the other axis there is nothing to lose
    step[16:] = 90
    assert blur(step) == pytest.approx(1 / 9)
    assert blur(ramp) == 1.0


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (9, 200)])
def test_the_smallest_pictures_have_scores_too(shape):
    scores = Quality().load("cpu")(frames_of(np.full((1, *shape, 3), 7, np.uint8)))

    assert 0 <= scores["quality"] <= 1


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [
        ({}, None),
        ({"min": 0.4}, "low_quality"),
        ({"max_blur": 0.4}, "soft"),
        ({"max_blockiness": 0.1}, "blocky"),
        ({"max_noise": 5}, "noisy"),
        ({"min": 0.3, "max_blur": 0.5, "max_blockiness": 0.2, "max_noise": 6}, None),
    ],
)
def test_clips_beyond_a_bound_are_dropped_with_its_reason(bounds, reason):
    assert Quality(**bounds).reason({"quality": 0.3, "blur": 0.5, "blockiness": 0.2, "noise": 6.0}) == reason


def test_bounds_do_not_change_what_was_scored():
    assert fingerprint(Quality(min="p10", max_noise=3)) == fingerprint(Quality())
