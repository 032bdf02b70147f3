from __future__ import annotations

import numpy as np
import pytest

from tests.frames import frames_of
from vidcurate.captioner.windows import thinned, windows


@pytest.mark.parametrize(
    ("num_frames", "ends"),
    [
        (3, []),
        (4, [4]),
        (256, [256]),
        (257, [257]),  # the rest of 1 joins
        (383, [383]),  # of 127
        (384, [256, 384]),  # of 128 stands alone
        (512, [256, 512]),
        (639, [256, 639]),
        (640, [256, 512, 640]),
    ],
)
def test_windows_lie_end_to_end_as_the_reference_has_them(num_frames, ends):
    laid = windows(num_frames, 256, 128)

    assert [window.stop for window in laid] == ends
    assert [window.start for window in laid] == [0, *ends][: len(ends)]


def test_full_windows_stand_alone_however_long_a_rest_must_be():
    assert windows(20, 10, 50) == [range(10), range(10, 20)]
    assert windows(25, 10, 50) == [range(10), range(10, 25)]


def test_a_window_is_thinned_evenly_from_its_first_frame_to_its_last():
    frames = frames_of(np.zeros((9, 2, 2, 3), np.uint8))

    assert thinned(frames, 3).indices.tolist() == [0, 4, 8]
    assert thinned(frames, 3).times.tolist() == [0, 1, 2]
    assert thinned(frames, 9) is frames
