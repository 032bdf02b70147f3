from __future__ import annotations

import io

import av
import numpy as np
import pytest

from vidcurate.errors import DecodeError
from vidcurate.video.thumbnail import FRAME_BYTES, strip


def pixels(data: bytes) -> np.ndarray:
    with av.open(io.BytesIO(data)) as picture:
        return next(picture.decode(video=0)).to_ndarray(format="rgb24")


def test_a_strip_shows_frames_from_all_over_the_clip(make_video):
    # 5 shots of 10 frames; thirds have their middles at 8.3, 25 and 41.7, in the shots 0, 2 and 4.
    path = make_video(shots=(10, 10, 10, 10, 10))
    with path.open("rb") as file:
        shown = pixels(strip(file, 3, 320, 176)).astype(float)

    with av.open(str(path)) as clip:
        frames = [frame.reformat(width=192, height=106, format="rgb24").to_ndarray() for frame in clip.decode(video=0)]
    nearest = [
        min(range(50), key=lambda n: np.abs(frames[n] - part).mean())
        for part in np.split(shown[:, : 3 * 192], 3, axis=1)
    ]

    assert shown.shape == (106, 576, 3)
    assert nearest == pytest.approx([8.3, 25, 41.7], abs=2.5)  # frames that no other refers to are passed over


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(1920, 1080, (108, 192)), (1080, 1920, (108, 61)), (3000, 100, (6, 192)), (100, 100, (108, 108))],
)
def test_a_picture_fits_its_box_in_the_shape_in_which_the_clip_is_shown(make_video, width, height, size):
    with make_video(shots=(5,)).open("rb") as file:
        assert pixels(strip(file, 1, width, height)).shape[:2] == size


def test_a_clip_of_one_frame_is_shown(make_video):
    with make_video(shots=(1,), size=(320, 320)).open("rb") as file:
        shown = pixels(strip(file, 3, 320, 320))

    assert shown.shape == (108, 324, 3)


def test_noise_is_coded_coarsely_enough(tmp_path):
    path = tmp_path / "noise.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 192, 108, "yuv420p"
        image = np.random.default_rng(0).integers(0, 256, (108, 192, 3), np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())

    with path.open("rb") as file:
        assert len(strip(file, 1, 192, 108)) <= FRAME_BYTES


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>" * 100])
def test_what_is_no_video_is_said_to_be_none(content):
    with pytest.raises(DecodeError, match="no picture"):
        strip(io.BytesIO(content), 1, 320, 176)
