from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from vidcurate.errors import DecodeError, NotAtHand
from vidcurate.records import Video
from vidcurate.source.place import at_hand
from vidcurate.store.files import Store
from vidcurate.store.options import Storage, current, use


@pytest.fixture(autouse=True)
def scratch(tmp_path):
    before = current()
    use(Storage(scratch=str(tmp_path / "scratch"), scratch_limit="1kB"))
    yield tmp_path / "scratch"
    use(before)


def remote(name: str, content: bytes = b"bytes") -> Video:
    fsspec.filesystem("memory").pipe_file(f"/test_place/{name}", content)
    return Video(id="v", uri=name, path=f"memory://test_place/{name}", size_bytes=len(content))


def test_a_local_video_is_where_it_is(tmp_path, scratch):
    video = Video(id="v", uri="a.mp4", path=str(tmp_path / "a.mp4"), size_bytes=10**6)

    with at_hand(video, Store(str(tmp_path / "out"))) as (path, folder):
        assert path == video.path
        assert folder.parent == tmp_path / "out"
    assert not scratch.exists()


def test_a_remote_one_is_copied_to_scratch_and_removed_afterwards(tmp_path, scratch):
    with at_hand(remote("a.mp4"), Store(str(tmp_path / "out"))) as (path, folder):
        assert Path(path).read_bytes() == b"bytes"
        assert path.startswith(str(scratch))
        assert path.endswith(".mp4")
        assert folder.parent == tmp_path / "out"
        assert next(scratch.glob(".room-*")).read_text().split()[2] == "5"
    assert [entry.name[:6] for entry in scratch.iterdir()] == [".room-"]


def test_for_a_remote_dataset_clips_lie_in_scratch_too(scratch):
    with at_hand(remote("a.mp4"), Store("memory://test_place/out")) as (_, folder):
        assert folder.parent == scratch
        assert next(scratch.glob(".room-*")).read_text().split()[2] == "10"


def test_what_cannot_be_had_now_says_why(tmp_path):
    store = Store(str(tmp_path / "out"))
    gone = Video(id="v", uri="no.mp4", path="memory://test_place/no.mp4", size_bytes=1)

    with pytest.raises(NotAtHand, match=r"no\.mp4: it is gone"), at_hand(gone, store):
        pass
    big = remote("big.mp4", bytes(1001))
    with pytest.raises(NotAtHand, match=r"big\.mp4: 1001 bytes .* storage\.scratch_limit is 1000"), at_hand(big, store):
        pass


def test_errors_name_the_video_and_not_where_it_lies_today(tmp_path):
    local = Video(id="v", uri="a.mp4", path=str(tmp_path / "a.mp4"), size_bytes=5)
    for video in (local, remote("a.mp4")):
        with (
            pytest.raises(DecodeError, match=r"^a\.mp4: no frame$"),
            at_hand(video, Store(str(tmp_path / "out"))) as (path, _),
        ):
            raise DecodeError(f"{path}: no frame")
