from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from tests.media import read_number
from tests.video.making import write_picture
from vidcurate.data import frames
from vidcurate.data.frames import View
from vidcurate.errors import ConfigError, DecodeError
from vidcurate.video.reread import torchcodec_decoder


@pytest.fixture(params=["torchcodec", "pyav"])
def decoder(request, monkeypatch) -> str:
    if request.param == "pyav":
        monkeypatch.setattr(frames, "torchcodec_decoder", lambda: None)
    elif torchcodec_decoder() is None:
        pytest.skip("torchcodec does not load: FFmpeg's shared libraries are not installed")
    return request.param


def numbers(images: torch.Tensor) -> list[int]:
    return [read_number(image.permute(1, 2, 0).numpy()) for image in images]


# 24 frames at 8 a second are 3 s; with 4 frames wanted the middles are 0.375, 1.125, 1.875 and 2.625 s, times 8.
@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (View(frames=4), [3, 9, 15, 21]),
        (View(frames=1), [12]),
        (View(frames=None, fps=2), [0, 4, 8, 12, 16, 20]),
        (View(frames=3, fps=8), [0, 1, 2]),
        (View(frames=None, fps=16, height=32, width=160), [n // 2 for n in range(48)]),
    ],
)
def test_frames_are_those_shown_at_the_wanted_moments(make_video, decoder, view, expected):
    images = view(make_video(shots=(24,), size=(160, 32), fps=Fraction(8)).read_bytes())

    assert images.dtype == torch.uint8
    assert images.shape == (len(expected), 3, 32, 160)
    assert numbers(images) == expected


def test_frames_of_a_variable_rate_are_taken_by_their_times(make_video, decoder):
    clip = make_video(shots=(6,), size=(160, 32), fps=Fraction(8), times=[0, 1, 2, 3, 4, 20]).read_bytes()

    # Shown from 0 to 2.5 s on, and the middles of four parts lie before 2.5 s.
    assert numbers(View(frames=4)(clip))[1:3] == [4, 4]


@pytest.mark.parametrize(("fit", "left"), [("crop", 64), ("stretch", 0)])
def test_pictures_are_cropped_or_stretched_to_the_size(make_video, decoder, fit, left):
    clip = make_video(shots=(4,), size=(160, 32)).read_bytes()
    whole = View(frames=1)(clip)

    images = View(frames=1, height=16, width=16, fit=fit)(clip)

    expected = torch.nn.functional.interpolate(whole[..., left : 160 - left].float(), (16, 16), mode="area")
    assert images.shape == (1, 3, 16, 16)
    assert (images - expected).abs().mean() < 12  # grey levels: a triangle is not a box, and another scene is 60 away


def test_a_size_of_a_bin_goes_before_that_of_all(make_video, decoder):
    clip = make_video(shots=(2,), size=(160, 32)).read_bytes()
    view = View(frames=2, height=16, width=32, sizes={"9_16": (32, 16)}, scale=True)

    assert view(clip, "16_9").shape == (2, 3, 16, 32)
    assert view(clip, "9_16").shape == (2, 3, 32, 16)
    assert view(clip).dtype == torch.float32
    assert 0 <= view(clip).min() < view(clip).max() <= 1


def test_both_decoders_stand_pictures_upright_and_agree(tmp_path, monkeypatch):
    if torchcodec_decoder() is None:
        pytest.skip("torchcodec does not load: FFmpeg's shared libraries are not installed")
    picture = np.random.default_rng(0).integers(0, 256, (4, 8, 3), np.uint8).repeat(16, axis=0).repeat(16, axis=1)
    clip = write_picture(tmp_path / "a.mp4", picture, rotation=90).read_bytes()

    first = View(frames=2)(clip)
    monkeypatch.setattr(frames, "torchcodec_decoder", lambda: None)
    second = View(frames=2)(clip)

    assert first.shape == second.shape == (2, 3, 128, 64)
    assert (first.float() - second.float()).abs().mean() < 3  # grey levels: swscale's and torchcodec's rounding


@pytest.mark.parametrize("damage", [lambda clip: b"", lambda clip: clip[:200], lambda clip: bytes(len(clip))])
def test_what_is_no_video_is_an_error(make_video, decoder, damage):
    with pytest.raises(DecodeError):
        View()(damage(make_video(shots=(4,)).read_bytes()))


def test_what_makes_no_view_is_refused():
    with pytest.raises(ConfigError, match=r"fps=0: expected(.|\n)*width=None: give both(.|\n)*fit='pad': expected one"):
        View(fps=0, height=3, fit="pad")
    with pytest.raises(ConfigError, match="frames=None, fps=None: give one"):
        View(frames=None)
