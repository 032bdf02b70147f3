from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from av.codec.context import Flags

from tests.video.making import cut_at, shown
from vidcurate.transcoder.h264 import H264
from vidcurate.video.interlace import Progressive


def woven(number: int) -> np.ndarray:
    """A bar that moves by 4 pixels a field, uint8 [48, 64, 3]; its upper field comes first."""
    image = np.full((48, 64, 3), 40, np.uint8)
    for field in (0, 1):
        left = 4 * (2 * number + field)
        image[field::2, left : left + 12] = 200
    return image


def interlaced(path: Path, *, told: bool = True, count: int = 5) -> Path:
    """A video of `woven` frames that says, or does not say, that it is interlaced."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt, video.options = 64, 48, "yuv420p", {"crf": "4", "bf": "0"}
        if told:
            video.codec_context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(woven(number)).reformat(format="yuv420p")
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode())
    return path


def combing(path: str) -> float:
    """How much neighbouring rows alternate, in grey levels; 0 for whole pictures."""
    rows = np.stack([image.astype(float).mean(axis=2) for _, image in shown(path)])[:, 8:40]
    return float(np.abs(2 * rows[:, 1:-1] - rows[:, :-2] - rows[:, 2:]).mean())


@pytest.mark.parametrize(
    ("policy", "told", "clean"),
    [
        ("keep", True, False),
        ("auto", True, True),
        ("auto", False, False),
        ("deinterlace", False, True),
    ],
)
def test_interlaced_frames_become_whole_by_the_policy(tmp_path, policy, told, clean):
    path = interlaced(tmp_path / "a.mp4", told=told)
    clips = cut_at(path, starts=(0, 2), transcoder=H264(crf=4, interlace=policy))

    assert [clip.num_frames for clip in clips] == [2, 3]
    assert [len(shown(clip.path)) for clip in clips] == [2, 3]
    assert all((combing(clip.path) < 12) == clean for clip in clips)  # about 80 levels and more where fields are woven


def test_frames_keep_their_order_and_their_timestamps():
    frames = [av.VideoFrame.from_ndarray(woven(number)).reformat(format="yuv420p") for number in range(4)]
    for frame in frames:
        frame.pts = 7  # as a broken source may say
    progressive = Progressive("deinterlace")
    ready = [progressive.push(10 * number, frame) for number, frame in enumerate(frames)]
    pictures = [*(picture for pictures in ready for picture in pictures), *progressive.flush()]

    assert [tick for tick, _ in pictures] == [0, 10, 20, 30]
    assert [frame.pts for frame in frames] == [7] * 4
    assert progressive.flush() == []


def test_a_clip_of_one_frame_comes_out(tmp_path):
    clip = cut_at(interlaced(tmp_path / "a.mp4", count=1), starts=(0,))[0]

    assert len(shown(clip.path)) == 1


def test_frames_that_change_their_size_all_come_out():
    progressive = Progressive("deinterlace")
    frames = [av.VideoFrame.from_ndarray(woven(0)).reformat(size, size, format="yuv420p") for size in (32, 32, 48, 48)]
    pictures = [picture for tick, frame in enumerate(frames) for picture in progressive.push(tick, frame)]
    pictures += progressive.flush()

    assert [(tick, frame.width) for tick, frame in pictures] == [(0, 32), (1, 32), (2, 48), (3, 48)]
