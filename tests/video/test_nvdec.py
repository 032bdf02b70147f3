from __future__ import annotations

import av
import numpy as np
import pytest

from vidcurate import Recipe, curate
from vidcurate.errors import ConfigError
from vidcurate.source.sample import Sample
from vidcurate.stage.record import wanted
from vidcurate.video import nvdec
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe


@pytest.mark.parametrize(("cpu", "gpu"), sorted(nvdec.FORMATS.items()))
def test_a_frame_as_a_gpu_lays_it_out_has_the_pixels_of_the_cpu(cpu, gpu):
    rng = np.random.default_rng(0)
    shape, deep = (96, 64), cpu.endswith("10le")  # 64 rows of luma, 32 of chroma
    values = rng.integers(0, 1024 if deep else 256, shape).astype(np.uint16 if deep else np.uint8)
    frame = av.VideoFrame.from_ndarray(values, format=cpu)
    frame.pts, frame.colorspace, frame.color_range = 7, 1, 1

    back = nvdec.plain(frame.reformat(format=gpu))

    assert back.format.name == cpu
    assert np.array_equal(back.to_ndarray(), values)


def test_tags_survive_and_a_frame_that_the_cpu_decoded_stays_as_it_is():
    frame = av.VideoFrame(64, 32, "nv12")
    frame.pts, frame.colorspace, frame.color_range, frame.color_trc = 7, 1, 1, 16

    laid = nvdec.plain(frame)

    assert (laid.pts, laid.colorspace, laid.color_range, laid.color_trc) == (7, 1, 1, 16)
    assert nvdec.plain(laid) is laid


def test_without_a_gpu_it_is_refused_before_any_work(tmp_path):
    if nvdec.missing() is None:
        pytest.skip("there is a GPU")

    with pytest.raises(ConfigError, match=r"decoder=nvdec cannot be had here: .*; take decoder=cpu"):
        curate(Recipe(decoder="nvdec"), source=Sample(), out=str(tmp_path / "out"), steps=["split"])

    assert not (tmp_path / "out").exists()


def test_clips_of_another_decoder_are_made_anew_and_those_of_the_cpu_stay():
    assert (
        wanted(Recipe())["clips"] == wanted(Recipe(decoder="cpu"))["clips"] != wanted(Recipe(decoder="nvdec"))["clips"]
    )


@pytest.mark.gpu
def test_a_gpu_decodes_the_same_frames(make_video):
    if nvdec.missing() is not None:
        pytest.skip(f"needs NVDEC: {nvdec.missing()}")
    path = str(make_video("a.mp4", shots=(20, 20)))
    info = probe(path)

    here, there = (
        [(ticks, frame.to_ndarray()) for ticks, frame in Decoding(path, info, hardware=hardware)]
        for hardware in (False, True)
    )

    assert [ticks for ticks, _ in here] == [ticks for ticks, _ in there]
    assert all(np.array_equal(one, other) for (_, one), (_, other) in zip(here, there, strict=True))
