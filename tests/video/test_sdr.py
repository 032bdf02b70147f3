from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.video.making import cut_at, write_picture
from vidcurate.transcoder.h264 import H264
from vidcurate.video import sdr
from vidcurate.video.probe import probe
from vidcurate.video.sample import Resize

PQ, HLG = 16, 18


def hdr(path: Path, level: int, curve: int = PQ) -> Path:
    """A grey picture in BT.2020; 148 of 255 in PQ is 203 cd/m2, the white of SDR (ITU-R BT.2408)."""
    tags = {"colorspace": 9, "color_primaries": 9, "color_trc": curve}
    return write_picture(path, np.full((48, 64, 3), level, np.uint8), pix_fmt="yuv420p10le", **tags)


def first(path: Path | str) -> av.VideoFrame:
    with av.open(str(path)) as container:
        return next(container.decode(video=0))


def test_the_white_of_pq_becomes_white_in_clips_and_in_samples(tmp_path):
    path = hdr(tmp_path / "a.mp4", 148)
    frame = first(cut_at(path, starts=(0,), transcoder=H264())[0].path)

    assert (frame.colorspace, frame.color_primaries, frame.color_trc) == (1, 1, 1)
    assert frame.format.name == "yuv420p"
    assert frame.to_ndarray(format="rgb24").mean() == pytest.approx(253, abs=3)
    assert Resize(probe(str(path)), 48, 27)(first(path)).mean() == pytest.approx(253, abs=3)


@pytest.mark.slow
@pytest.mark.parametrize("curve", [PQ, HLG])
def test_grey_stays_grey_and_darker_stays_darker(tmp_path, curve):
    images = [
        first(cut_at(hdr(tmp_path / f"{level}.mp4", level, curve), starts=(0,))[0].path).to_ndarray(format="rgb24")
        for level in (60, 100, 140)
    ]
    means = np.stack([image.mean(axis=(0, 1)) for image in images])

    assert np.ptp(means, axis=1).max() < 2
    assert (np.diff(means.mean(axis=1)) > 20).all()


def test_hdr_is_kept_in_10_bit_when_asked(tmp_path):
    path = hdr(tmp_path / "a.mp4", 100)
    frame = first(cut_at(path, starts=(0,), transcoder=H264(hdr="keep", depth="keep"))[0].path)

    assert (frame.colorspace, frame.color_primaries, frame.color_trc) == (9, 9, PQ)
    assert frame.format.name == "yuv420p10le"
    assert np.abs(frame.to_ndarray()[:48].astype(int) - first(path).to_ndarray()[:48]).max() < 8  # of 1023


@pytest.mark.slow
def test_sizes_that_take_turns_build_their_tables_once(tmp_path, monkeypatch):
    built, build = [], sdr._graph
    monkeypatch.setattr(sdr, "_graph", lambda frame, form: built.append(frame.width) or build(frame, form))
    frame, mapped = first(hdr(tmp_path / "a.mp4", 148)), sdr.Sdr("rgb24")

    turns = [mapped(frame.reformat(width, 32)).width for width in (48, 64, 48, 64)]

    assert turns == [48, 64, 48, 64]
    assert built == [48, 64]
