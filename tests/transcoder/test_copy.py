from __future__ import annotations

import av
import numpy as np
import pytest

from tests.media import read_numbers
from tests.video.making import cut_at, shown
from vidcurate.transcoder.copy import Copy


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mkv", "libx264"),
        ("a.ts", "libx264"),
        ("a.mp4", "libx265"),
        ("a.webm", "libvpx-vp9"),
        ("a.mkv", "libsvtav1"),
    ],
)
def test_clips_are_exact_amid_groups_of_pictures_and_to_the_bit(make_video, name, codec):
    path = make_video(name, shots=(13, 24, 23), gop=50, codec=codec)
    clips = cut_at(path, starts=(0, 13, 37), transcoder=Copy())
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]

    assert [read_numbers(clip.path) for clip in clips] == [[*range(13)], [*range(13, 37)], [*range(37, 60)]]
    assert [clip.file.encoder for clip in clips] == ["copy"] * 3
    for clip, begin in zip(clips, (0, 13, 37), strict=True):
        for number, (_, image) in enumerate(shown(clip.path)):
            assert np.array_equal(image, frames[begin + number])
