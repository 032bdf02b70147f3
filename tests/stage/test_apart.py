"""A thread that decodes and one that encodes change nothing of what comes out."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from vidcurate.errors import EncodeError
from vidcurate.records import Sampling
from vidcurate.splitter.fixed import Fixed
from vidcurate.stage.apart import apart
from vidcurate.stage.cut import Cutting
from vidcurate.transcoder.base import ClipWriter
from vidcurate.transcoder.h264 import H264
from vidcurate.video.probe import probe


def test_clips_and_frames_are_the_same_with_and_without_threads(make_video, tmp_path):
    path = str(make_video("a.mp4", shots=(30, 40, 30)))
    wants = (Sampling(width=32, height=32, count=4), Sampling(width=16, height=16, fps=2))

    def cut(threaded: bool) -> list[tuple[str, str, list[bytes]]]:
        folder = tmp_path / str(threaded)
        folder.mkdir()
        splitter = Fixed(length=1, min_length=0.2)
        clips = Cutting("v", path, probe(path), splitter, H264(), wants, folder, "cpu", threaded=threaded)
        return [
            (
                clip.clip_id,
                hashlib.sha256(Path(clip.path).read_bytes()).hexdigest(),
                [clip.frames[want].images.tobytes() for want in wants],
            )
            for clip in clips
        ]

    threaded = cut(True)

    assert threaded == cut(False)
    assert len(threaded) > 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("ahead", "encode"))]


class Refusing:
    """A cutter whose clips take three frames."""

    def begin(self, path: Path, start: int) -> Refusing:
        self.frames, self.discarded = 0, False
        return self

    def add(self, tick: int, frame: object) -> None:
        self.frames += 1
        if self.frames > 3:
            raise EncodeError("no more than three")

    def finish(self, end: int) -> None:
        raise AssertionError("never finished")

    def discard(self) -> None:
        self.discarded = True


def _fill(clip: ClipWriter) -> None:
    for tick in range(100):
        clip.add(tick, None)


def test_what_fails_on_the_thread_is_raised_here_and_the_clip_can_be_discarded(tmp_path):
    with apart(Refusing()) as cutter:
        clip = cutter.begin(tmp_path / "a.mp4", 0)
        with pytest.raises(EncodeError, match="no more than three"):
            _fill(clip)
        clip.discard()

        assert cutter._cutter.discarded


def test_what_fails_with_the_last_frames_is_raised_at_the_end(tmp_path):
    with apart(Refusing()) as cutter:
        clip = cutter.begin(tmp_path / "a.mp4", 0)
        for tick in range(4):
            clip.add(tick, None)
        with pytest.raises(EncodeError, match="no more than three"):
            clip.finish(5)
