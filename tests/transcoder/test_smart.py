from __future__ import annotations

import av
import numpy as np
import pytest

from tests.media import read_numbers
from tests.video.making import cut_at
from vidcurate.transcoder.smart import Smart


def decoded(path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_clips_are_exact_and_copied_from_the_first_key_frame_on(make_video, name):
    path = make_video(name, shots=(60,), gop=25)
    clips = cut_at(path, starts=(0, 13, 27, 37), transcoder=Smart())  # key frames at 0, 25 and 50
    frames = decoded(path)

    assert [read_numbers(clip.path) for clip in clips] == [
        [*range(13)],
        [*range(13, 27)],
        [*range(27, 37)],
        [*range(37, 60)],
    ]
    assert [clip.file.encoder for clip in clips] == ["copy", "libx264+copy", "libx264", "libx264+copy"]
    copied = {0: range(13), 1: (25, 26), 3: range(50, 60)}
    for number, indices in copied.items():
        images = decoded(clips[number].path)
        for index in indices:
            assert np.array_equal(images[index - (0, 13, 27, 37)[number]], frames[index])
