from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tests.video.making import add_sound, tone
from vidcurate.video.sound import Sound

LOSSLESS = 2 / 32768  # flac keeps 16 bits


@pytest.fixture
def picture(make_video):
    return make_video(shots=(50,))  # 2 s


def test_samples_come_as_they_were_stored_in_pieces_of_any_length(picture, tmp_path):
    # Matroska rounds timestamps to milliseconds, so blocks seem to overlap or to leave gaps of some samples.
    samples = tone(2, rate=44100)
    path = add_sound(tmp_path / "a.mkv", picture, samples, rate=44100)
    with Sound(str(path)) as sound:
        pieces = [sound.read(start, min(start + 1000, 88200)) for start in range(0, 88200, 1000)]

        assert (sound.rate, sound.layout) == (44100, "mono")
    assert np.abs(np.concatenate(pieces, axis=1) - samples).max() < LOSSLESS


def test_reading_may_skip_what_nobody_wants(picture, tmp_path):
    samples = tone(2)
    with Sound(str(add_sound(tmp_path / "a.mkv", picture, samples))) as sound:
        piece = sound.read(70_001, 70_501)

    assert np.abs(piece - samples[:, 70_001:70_501]).max() < LOSSLESS


def test_sound_that_starts_late_is_preceded_by_silence(picture, tmp_path):
    path = add_sound(tmp_path / "a.mkv", picture, tone(1), start=Fraction(1, 2))
    with Sound(str(path)) as sound:
        assert sound.goes_on(0)
        piece = sound.read(0, 48_000)

    assert not piece[:, :24_000].any()
    assert np.abs(piece[:, 24_000:] - tone(1)[:, :24_000]).max() < LOSSLESS


def test_missing_packets_are_silence_and_what_follows_stays_in_its_place(picture, tmp_path):
    # A packet of flac holds 4608 samples here; the 6th to the 8th are not in the file.
    samples = tone(2)
    path = add_sound(tmp_path / "a.mkv", picture, samples, keep=lambda number: number not in {5, 6, 7})
    with Sound(str(path)) as sound:
        piece = sound.read(0, 96_000)

    hole = slice(5 * 4608, 8 * 4608)
    assert np.abs(piece[:, : hole.start] - samples[:, : hole.start]).max() < LOSSLESS
    assert not piece[:, hole.start + 48 : hole.stop - 48].any()  # 48 samples are a millisecond, the container's clock
    assert _lag(piece[0, hole.stop + 48 :], samples[0, hole.stop + 48 :]) <= 48


def test_after_the_end_there_is_silence(picture, tmp_path):
    with Sound(str(add_sound(tmp_path / "a.mkv", picture, tone(1)))) as sound:
        assert not sound.read(0, 50_000)[:, 48_000:].any()
        assert not sound.goes_on(50_000)


@pytest.mark.parametrize(
    ("layout", "channels", "expected"), [("mono", 1, "mono"), ("stereo", 2, "stereo"), ("5.1", 6, "stereo")]
)
def test_more_than_two_channels_are_mixed_to_stereo(picture, tmp_path, layout, channels, expected):
    path = add_sound(tmp_path / "a.mkv", picture, tone(1).repeat(channels, axis=0), layout=layout)
    with Sound(str(path)) as sound:
        piece = sound.read(0, 48_000)

        assert sound.layout == expected
    assert piece.shape == (min(channels, 2), 48_000)
    assert np.abs(piece).max() == pytest.approx(0.3, abs=0.02)


def test_a_rate_that_aac_cannot_store_becomes_the_nearest_it_can(picture, tmp_path):
    path = add_sound(tmp_path / "a.mkv", picture, tone(1, rate=50_000), rate=50_000)
    with Sound(str(path)) as sound:
        piece = sound.read(0, 48_000)

        assert sound.rate == 48_000
    assert np.abs(piece[:, 500:-500] - tone(1)[:, 500:-500]).max() < 0.01


def test_a_video_without_sound_is_silent(picture):
    with Sound(str(picture)) as sound:
        assert not sound.goes_on(0)
        assert not sound.read(0, 100).any()


def _lag(found: np.ndarray, expected: np.ndarray) -> int:
    """Samples by which one signal lies behind the other, within the 109 of one period of 440 Hz at 48 kHz."""
    return min(range(-54, 55), key=lambda shift: np.abs(np.roll(found, shift)[60:2000] - expected[60:2000]).sum())
