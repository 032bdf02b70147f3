from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.frames import frames_of
from tests.media import write_video
from vidcurate import Recipe, curate
from vidcurate.embedder.histogram import Histogram
from vidcurate.filter.motion_vectors import MotionVectors
from vidcurate.source.folder import Folder
from vidcurate.splitter.whole import Whole
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe
from vidcurate.video.reread import reread
from vidcurate.video.sample import Sampler, resizes


def write_pan(path: Path, shift: int, size: tuple[int, int] = (640, 352), codec: str = "libx264") -> Path:
    """Two seconds of a picture with detail of all sizes that moves to the right by `shift` pixels a frame."""
    width, height = size
    rng = np.random.default_rng(5)
    picture = sum(
        np.kron(rng.integers(0, 64, (height // cell, width // cell, 1)), np.ones((cell, cell, 3)))
        for cell in (4, 8, 16)
    )
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(24))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        if codec == "libx264":
            stream.options = {"preset": "veryfast", "crf": "18", "bf": "0", "refs": "1"}
        for number in range(48):
            image = np.roll(picture, shift * number, axis=1).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


def score(path: Path) -> dict[str, float]:
    """Scores of a whole file."""
    info, want = probe(str(path)), MotionVectors().sampling
    pictures = list(Decoding(str(path), info, vectors=True))
    times = np.array([float((ticks - pictures[0][0]) * info.time_base) for ticks, _ in pictures])
    sampler = Sampler(resizes(info, [want]))
    for index, (_, frame) in enumerate(pictures):
        sampler.offer(index, times[index], frame)
    return MotionVectors().load("cpu")(sampler.frames(times)[want])


def shown(vectors: np.ndarray) -> dict[str, float]:
    frames = frames_of(np.zeros((len(vectors), 36, 64, 3), np.uint8))
    return MotionVectors().load("cpu")(dataclasses.replace(frames, vectors=vectors))


@pytest.mark.parametrize("shift", [2, 8])
def test_a_pan_scores_its_pixels_a_frame_over_width_plus_height(shift, tmp_path):
    scores = score(write_pan(tmp_path / "pan.mp4", shift))

    # New picture enters at the left edge and is not predicted there: 10 %.
    assert scores["global_mean"] == pytest.approx(shift / (640 + 352), rel=0.1)
    assert scores["patch_min"] > 0.5 * scores["global_mean"]
    assert scores["estimated"] == 0.0


def test_a_still_picture_has_no_motion(tmp_path):
    assert score(write_pan(tmp_path / "still.mp4", 0)) == {"global_mean": 0.0, "patch_min": 0.0, "estimated": 0.0}


def test_a_codec_that_tells_no_vectors_is_estimated(tmp_path):
    still, slow, fast = (score(write_pan(tmp_path / f"{n}.webm", n, (320, 176), codec="libvpx-vp9")) for n in (0, 1, 2))

    assert still["estimated"] == slow["estimated"] == fast["estimated"] == 1.0
    assert still["global_mean"] < 0.0001 < slow["global_mean"] < fast["global_mean"]


def test_the_mean_is_over_time_first_and_then_the_least_patch_is_taken():
    # Two patches of 16 x 16 cells; the left one moves in one frame of two, the right one in the other by less.
    vectors = np.zeros((2, 16, 32), np.float32)
    vectors[0, :, :16], vectors[1, :, 16:] = 0.2, 0.1

    assert shown(vectors)["global_mean"] == pytest.approx(0.075, abs=1e-6)
    assert shown(vectors)["patch_min"] == pytest.approx(0.05, abs=1e-6)


def test_a_picture_smaller_than_a_patch_is_one_patch():
    vectors = np.full((1, 9, 11), 0.25, np.float32)
    vectors[0, 0, 0] = 0.0

    assert shown(vectors)["patch_min"] == shown(vectors)["global_mean"] == pytest.approx(0.25 * 98 / 99)


def test_what_is_left_beside_whole_patches_counts_for_the_mean_only():
    vectors = np.full((1, 16, 20), 0.1, np.float32)
    vectors[0, :, 16:] = 0.0

    assert shown(vectors)["patch_min"] == pytest.approx(0.1)
    assert shown(vectors)["global_mean"] == pytest.approx(0.08)


def test_a_finished_clip_is_read_again_with_its_vectors(tmp_path):
    want = MotionVectors().sampling

    frames = reread(str(write_pan(tmp_path / "pan.mp4", 4)), [want])[want]

    assert frames.vectors is not None
    assert frames.vectors.shape == (7, 22, 40)  # eight frames, of which the first is a key frame


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [
        ({}, None),
        ({"min": 0.00098}, "too_static"),
        ({"min": 0.0009, "min_patch": 0.000001}, "partly_static"),
        ({"max": 0.0008}, "too_shaky"),
    ],
)
def test_clips_beyond_a_bound_are_dropped_with_its_reason(bounds, reason):
    assert MotionVectors(**bounds).reason({"global_mean": 0.0009, "patch_min": 0.0, "estimated": 0.0}) == reason


def test_the_run_measures_the_source(tmp_path):
    (tmp_path / "in").mkdir()
    write_pan(tmp_path / "in" / "pan.mp4", 8)
    write_video(tmp_path / "in" / "scene.webm", (20,), codec="libvpx-vp9")
    recipe = Recipe(splitter=Whole(min_length=0.2), embedder=Histogram(), filter=(MotionVectors(),))

    curate(recipe, source=Folder(path=str(tmp_path / "in")), out=str(tmp_path / "out"), steps=["split"])

    rows = pq.read_table(tmp_path / "out" / "tables" / "scores").to_pylist()
    assert [row["value"] for row in rows if row["score"] == "estimated"] == [0.0, 1.0]
    assert rows[0]["value"] == pytest.approx(8 / (640 + 352), rel=0.1)
