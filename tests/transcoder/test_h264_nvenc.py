from __future__ import annotations

from fractions import Fraction

import av
import pytest

from tests.video.making import cut_at
from vidcurate.errors import ConfigError
from vidcurate.transcoder.h264_nvenc import H264Nvenc
from vidcurate.video.encode import Encoding


def opens() -> bool:
    """Whether this machine has the encoder, found without the code under test."""
    context = av.CodecContext.create("h264_nvenc", "w")
    context.width = context.height = 256
    context.pix_fmt, context.time_base = "yuv420p", Fraction(1, 25)
    try:
        context.open()
    except av.FFmpegError:
        return False
    return True


@pytest.mark.skipif(opens(), reason="this machine has NVENC")
def test_a_machine_without_nvenc_is_told_before_any_work():
    with pytest.raises(ConfigError, match=r"needs an Nvidia GPU with NVENC .* Choose transcoder=h264"):
        H264Nvenc().check()


@pytest.mark.gpu
def test_clips_are_encoded_on_the_gpu(make_video):
    if not opens():
        pytest.skip("no NVENC on this machine")
    clips = cut_at(make_video(shots=(12, 12), audio=True), starts=(0, 12), transcoder=H264Nvenc())

    assert [(clip.file.encoder, clip.num_frames) for clip in clips] == [("h264_nvenc", 12)] * 2


def test_pictures_that_nvenc_does_not_take_are_encoded_on_the_cpu(make_video):
    path = make_video(shots=(8,))
    small = cut_at(path, starts=(0,), transcoder=H264Nvenc(short_side=88))[0]

    assert (small.file.encoder, small.file.width, small.file.height) == ("libx264", 160, 88)


def test_a_quality_or_a_rate_is_held_not_both():
    encoding = Encoding(encoder="h264_nvenc", preset="p4", crf=21)

    assert encoding.options(None)["cq"] == "21"
    assert "cq" not in encoding.options(10**6)
