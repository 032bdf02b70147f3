"""A clip that does not show what it should never reaches the dataset: it is cut anew, or it is an error."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import av
import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.media import read_numbers
from tests.test_pipeline import FAST
from tests.video.making import cut_at
from vidcurate import curate
from vidcurate.errors import EncodeError
from vidcurate.registry import settings
from vidcurate.source.folder import Folder
from vidcurate.transcoder.base import Transcoder
from vidcurate.transcoder.copy import Copy
from vidcurate.transcoder.h264 import H264
from vidcurate.video.ends import small
from vidcurate.video.remux import Remuxing


@settings
class Greying(Transcoder):
    """Writes a grey picture in place of every clip's first frame, as a decoder does after a bad seek."""

    hopeless: bool = False

    @property
    def spare(self):
        return self if self.hopeless else H264(preset="ultrafast")

    def load(self, device):
        @contextmanager
        def opened(path, info):
            with H264(preset="ultrafast").load(device)(path, info) as cutter:
                yield _Cutter(cutter)

        return opened


class _Cutter:
    def __init__(self, cutter):
        self._cutter = cutter

    def begin(self, path, start):
        return _Writer(self._cutter.begin(path, start))


class _Writer:
    def __init__(self, writer):
        self._writer, self._first = writer, None

    def add(self, tick, frame):
        if self._first is None:
            self._first = small(frame)
            grey = np.full((frame.height, frame.width, 3), 128, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey).reformat(format=frame.format.name)
        self._writer.add(tick, frame)

    def finish(self, end):
        told = self._writer.finish(end)
        return replace(told, ends=(self._first, told.ends[1]))

    def discard(self):
        self._writer.discard()


def test_a_clip_with_a_grey_frame_is_cut_anew_by_the_spare_transcoder(make_video):
    clips = cut_at(make_video(shots=(20, 15, 25), audio=True), starts=(0, 20, 35), transcoder=Greying())

    assert [read_numbers(clip.path) for clip in clips] == [[*range(20)], [*range(20, 35)], [*range(35, 60)]]
    assert [(clip.file.encoder, clip.file.has_audio) for clip in clips] == [("libx264", True)] * 3


def test_a_clip_that_cannot_be_put_right_is_an_error_and_leaves_nothing(make_video):
    path = make_video(shots=(20,))

    with pytest.raises(EncodeError, match="first frame is another picture"):
        cut_at(path, starts=(0,), transcoder=Greying(hopeless=True))


def test_a_copy_whose_edit_list_is_wrong_is_encoded(make_video, monkeypatch):
    path = make_video(shots=(60,), gop=50)
    write = Remuxing.write
    # An edit list that begins two frames late: the pre-roll is not skipped to the right frame.
    monkeypatch.setattr(Remuxing, "write", lambda self: write(replace(self, start=self.start + 1024)))
    clips = cut_at(path, starts=(0, 13), transcoder=Copy())

    assert [clip.file.encoder for clip in clips] == ["libx264", "libx264"]
    assert [read_numbers(clip.path) for clip in clips] == [[*range(13)], [*range(13, 60)]]


def test_the_table_says_what_wrote_a_clip_and_that_it_was_proven(make_video, tmp_path):
    make_video("in/a.mp4", shots=(30, 30), gop=100)
    recipe = replace(FAST, transcoder=Copy())

    curate(recipe, source=Folder(path=str(tmp_path / "in")), out=str(tmp_path / "out"), steps=["split"])
    rows = pq.read_table(tmp_path / "out" / "tables" / "clips").to_pylist()

    assert [(row["encoder"], row["cut_verified"]) for row in rows] == [("copy", True)] * 2
