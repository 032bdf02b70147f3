from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.video.making import cut_at
from vidcurate.errors import EncodeError
from vidcurate.video.contents import content_hash
from vidcurate.video.ends import prove


@pytest.fixture
def clip(make_video):
    return cut_at(make_video(shots=(12, 30), audio=True), starts=(12,))[0]


def test_a_clip_as_it_was_written_is_proven_and_its_hash_told(clip):
    assert prove(clip.path, clip.file) == clip.content_hash == content_hash(clip.path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"num_frames": 31}, "30 frames are in it, 31 were written"),
        ({"last": 1.2}, r"last frame is shown at 1\.1600 s, not at 1\.2000 s"),
        ({"duration": 2.0}, r"its sound does not last 2\.000 s"),
        ({"has_audio": False}, "a sound of its own"),
    ],
)
def test_what_is_not_as_it_was_told_is_said(clip, changes, said):
    with pytest.raises(EncodeError, match=said):
        prove(clip.path, replace(clip.file, **changes))


@pytest.mark.parametrize(("end", "name"), [(0, "first"), (1, "last")])
@pytest.mark.parametrize("picture", ["grey", "stale"])
def test_a_grey_or_stale_frame_at_either_end_is_seen(clip, end, name, picture):
    image = np.full_like(clip.file.ends[end], 128) if picture == "grey" else clip.file.ends[end][::-1, ::-1]
    ends = [*clip.file.ends]
    ends[end] = image

    with pytest.raises(EncodeError, match=f"its {name} frame is another picture"):
        prove(clip.path, replace(clip.file, ends=tuple(ends)))


def test_a_file_that_was_cut_off_cannot_be_read_again(clip, tmp_path):
    path = tmp_path / "short.mp4"
    path.write_bytes(b"")

    with pytest.raises(EncodeError, match="cannot be read again"):
        prove(str(path), clip.file)
