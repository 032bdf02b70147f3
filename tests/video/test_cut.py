from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media import read_number, read_numbers
from tests.video.making import At, add_sound, cut_at, first_pass, heard, shown, tone, write_picture
from vidcurate.errors import EncodeError
from vidcurate.records import Sampling
from vidcurate.stage.cut import Cutting
from vidcurate.transcoder.h264 import H264
from vidcurate.video.cut import Reencoder
from vidcurate.video.encode import Encoding
from vidcurate.video.probe import probe


def test_clips_are_exact_to_the_frame_amid_b_frames_and_off_keyframes(make_video):
    clips = cut_at(make_video(shots=(13, 24, 23), gop=50), starts=(0, 13, 37))

    assert [read_numbers(clip.path) for clip in clips] == [[*range(13)], [*range(13, 37)], [*range(37, 60)]]
    assert [clip.num_frames for clip in clips] == [13, 24, 23]


def test_what_is_said_of_a_clip_is_true_of_its_file(make_video):
    clip = cut_at(make_video(shots=(20, 30), audio=True), starts=(20,))[0]
    info = probe(clip.path)

    assert clip.path.endswith(f"/clips/{clip.clip.id}.mp4")
    assert (clip.file.width, clip.file.height) == (info.width, info.height) == (320, 176)
    assert (clip.file.codec, clip.file.has_audio) == (info.codec, info.audio_codec == "aac") == ("h264", True)
    assert clip.file.fps == info.fps == 25.0
    assert clip.num_frames == info.num_frames == 30
    assert clip.file.num_bytes == Path(clip.path).stat().st_size
    assert info.duration == clip.clip.span.duration == 1.2
    assert info.pixel_format == "yuv420p"


def test_the_index_stands_before_the_frames(make_video):
    data = Path(cut_at(make_video(shots=(10,)), starts=(0,))[0].path).read_bytes()

    assert data.index(b"moov") < data.index(b"mdat")


def test_variable_frame_rates_are_kept_and_clips_start_at_zero(make_video):
    times = [0, 1, 2, 30, 31, 75, 76, 90, 91, 140]
    clip = cut_at(make_video("a.mkv", shots=(10,), fps=Fraction(100), times=times), starts=(3,))[0]
    pictures = shown(clip.path)

    assert [float(at) for at, _ in pictures] == pytest.approx([0, 0.01, 0.45, 0.46, 0.6, 0.61, 1.1])
    assert [read_number(image) for _, image in pictures] == [3, 4, 5, 6, 7, 8, 9]


def test_a_clock_of_nanoseconds_is_kept_to_six_microseconds(make_video, tmp_path):
    path = make_video("a.mkv", shots=(30,), codec="libvpx-vp9", fps=Fraction(30000, 1001))
    info, ticks, end = first_pass(path)
    fine = replace(info, time_base=Fraction(1, 10**9))
    with av.open(str(path)) as container, Reencoder(str(path), fine, Encoding()) as cutter:
        clip = cutter.begin(tmp_path / "clip.mp4", 10**6 * int(ticks[3]))
        for frame in list(container.decode(video=0))[3:]:
            clip.add(10**6 * frame.pts, frame)
        clip.finish(10**6 * end)
    times = [float(at) for at, _ in shown(tmp_path / "clip.mp4")]

    assert times == pytest.approx(((ticks[3:] - ticks[3]) / 1000).tolist(), abs=6e-6)


def test_a_stream_that_starts_late_is_cut_by_its_own_clock(make_video):
    path = make_video("late.ts", shots=(20, 20), times=range(250, 290))
    first, second = cut_at(path, starts=(0, 20))

    assert (first.clip.span.start, first.clip.span.start_s) == (900_000, 0.0)
    assert second.clip.span.start_s == 0.8
    assert read_numbers(second.path) == list(range(20, 40))
    assert shown(second.path)[0][0] == 0


def test_sound_is_as_long_as_the_picture_and_the_same_tone(make_video):
    for clip in cut_at(make_video(shots=(20, 30), audio=True), starts=(0, 7, 20)):
        rate, samples = heard(clip.path)
        middle = samples[0, 2048:-2048]
        crossings = np.count_nonzero(np.diff(np.signbit(middle)))

        assert rate == 48_000
        assert samples.shape == (1, round(clip.clip.span.duration * rate))
        assert crossings == pytest.approx(2 * 440 * middle.size / rate, abs=2)


@pytest.mark.parametrize("suffix", ["mkv", "ts"])
def test_sound_and_picture_stay_together(make_video, tmp_path, suffix):
    # A tone that begins with frame 30, which is the 13th of a clip that begins with frame 17, in a stream from 10 s on.
    silence = np.zeros((1, round(1.2 * 48000)), np.float32)
    source = make_video("a.ts", shots=(50,), times=range(250, 300))
    samples = np.concatenate([silence, tone(0.8)], axis=1)
    codec = "flac" if suffix == "mkv" else "aac"
    path = add_sound(tmp_path / f"b.{suffix}", source, samples, codec=codec, start=Fraction(10))
    clip = cut_at(path, starts=(17,))[0]
    _, found = heard(clip.path)
    onset = int(np.argmax(np.abs(found[0]) > 0.1))

    assert read_numbers(clip.path)[13] == 30
    assert onset / 48000 == pytest.approx(13 / 25, abs=0.01)  # a quarter of a frame; codecs smear some milliseconds


def test_sound_is_left_out_where_there_is_none_or_it_is_not_wanted(make_video, tmp_path):
    silent, loud = make_video("a.mp4", shots=(10,)), make_video("b.mp4", shots=(10,), audio=True)
    short = add_sound(tmp_path / "short.mkv", make_video("c.mp4", shots=(50,)), tone(0.5))

    assert not cut_at(silent, starts=(0,))[0].file.has_audio
    assert not cut_at(loud, starts=(0,), transcoder=H264(audio="drop"))[0].file.has_audio
    assert [clip.file.has_audio for clip in cut_at(short, starts=(0, 10, 25))] == [True, True, False]
    assert probe(cut_at(short, starts=(25,))[0].path).audio_codec is None


def test_sound_that_ends_early_is_followed_by_silence(make_video, tmp_path):
    path = add_sound(tmp_path / "a.mkv", make_video(shots=(50,)), tone(0.5))
    _, samples = heard(cut_at(path, starts=(0,))[0].path)

    assert samples.shape[1] == 2 * 48_000
    assert np.abs(samples[:, :24_000]).max() > 0.25
    assert np.abs(samples[:, 27_000:]).max() < 0.01


def test_damaged_sound_never_costs_the_picture(make_video, tmp_path):
    path = add_sound(tmp_path / "a.mkv", make_video(shots=(25,)), tone(1), codec="aac")
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(audio=0) if packet.size > 32]
    data = path.read_bytes()
    for packet in packets[5:]:
        data = data.replace(packet, np.random.default_rng(0).bytes(len(packet)))
    path.write_bytes(data)
    clip = cut_at(path, starts=(0,))[0]

    assert read_numbers(clip.path) == list(range(25))


def test_two_runs_write_the_same_bytes(make_video, tmp_path):
    path = make_video(shots=(15, 15), audio=True)
    once, again = (cut_at(path, starts=(0, 15), folder=tmp_path / name) for name in ("one", "two"))

    assert [Path(clip.path).read_bytes() for clip in once] == [Path(clip.path).read_bytes() for clip in again]
    assert all(first.path != second.path for first, second in zip(once, again, strict=True))


def test_every_sampling_gets_its_frames_of_every_clip(make_video):
    path = make_video(shots=(20, 30))
    few, large = Sampling(width=160, height=88, count=2), Sampling(width=320, height=176, fps=5)
    first, second = cut_at(path, starts=(0, 20), samplings=(few, large, few))

    assert [read_number(image) for image in first.frames[large].images] == [0, 5, 10, 15]
    assert [read_number(image) for image in second.frames[large].images] == [20, 25, 30, 35, 40, 45]
    assert second.frames[few].images.shape == (2, 88, 160, 3)
    assert second.frames[few].times == pytest.approx(
        [8 / 25, 20 / 25]
    )  # of every 4th, nearest the middles of halves: 7, 22


@pytest.mark.parametrize(
    ("rotation", "aspect", "size", "row", "column"),
    [
        (90, Fraction(1), (48, 64), -1, 0),
        (180, Fraction(1), (64, 48), -1, -1),
        (270, Fraction(1), (48, 64), 0, -1),
        (0, Fraction(16, 11), (92, 48), 0, 0),  # 64 x 16/11 = 93.1, made even
        (90, Fraction(16, 11), (48, 92), -1, 0),
    ],
)
def test_clips_stand_upright_with_square_pixels(tmp_path, rotation, aspect, size, row, column):
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:16, :16] = 255
    clip = cut_at(write_picture(tmp_path / "a.mp4", picture, rotation=rotation, aspect=aspect), starts=(0,))[0]
    info, image = probe(clip.path), shown(clip.path)[0][1]

    assert (clip.file.width, clip.file.height) == (info.width, info.height) == size
    assert info.rotation == 0
    assert image.shape == (size[1], size[0], 3)
    assert image[row, column].min() > 200


def test_odd_sizes_become_even(tmp_path):
    picture = np.full((49, 65, 3), 150, np.uint8)
    clip = cut_at(write_picture(tmp_path / "a.mp4", picture, pix_fmt="yuv444p"), starts=(0,))[0]

    assert (clip.file.width, clip.file.height) == (64, 48)
    assert shown(clip.path)[0][1].mean() == pytest.approx(150, abs=3)


def test_colours_are_tagged_as_in_the_source(tmp_path):
    tags = {"colorspace": 1, "color_primaries": 1, "color_trc": 1}  # ITU-R BT.709
    path = write_picture(tmp_path / "a.mp4", np.full((48, 64, 3), 150, np.uint8), **tags)
    with av.open(cut_at(path, starts=(0,))[0].path) as container:
        frame = next(container.decode(video=0))

    assert (frame.colorspace, frame.color_primaries, frame.color_trc) == (1, 1, 1)


def test_frame_types_of_the_source_do_not_dictate_those_of_the_clip(make_video):
    clip = cut_at(make_video(shots=(50,), gop=2), starts=(0,))[0]
    with av.open(clip.path) as container:
        keys = sum(frame.key_frame for frame in container.decode(video=0))

    assert keys == 1


def test_a_picture_too_small_for_h264_is_an_error_that_names_the_limit(tmp_path):
    path = write_picture(tmp_path / "a.mp4", np.zeros((1, 1, 3), np.uint8), pix_fmt="yuv444p")

    with pytest.raises(EncodeError, match=r"1x1 is too small for H\.264, which needs 2 pixels a side"):
        cut_at(path, starts=(0,))


def test_the_smallest_picture_is_written(tmp_path):
    path = write_picture(tmp_path / "a.mp4", np.full((2, 3, 3), 99, np.uint8), pix_fmt="yuv444p", count=5)
    clip = cut_at(path, starts=(0,))[0]

    assert [image.shape for _, image in shown(clip.path)] == [(2, 2, 3)] * 5


def test_a_folder_that_cannot_be_written_is_an_encode_error(make_video, tmp_path):
    path = make_video(shots=(5,))

    with pytest.raises(EncodeError, match=r"0\.mp4"):
        list(Cutting("v", str(path), probe(str(path)), At(starts=(0,)), H264(), (), tmp_path / "none", "cpu"))


@pytest.mark.corpus
@pytest.mark.parametrize(
    "name",
    [
        "raw/animated.gif",
        "raw/bear_odd_dims_vp9.webm",
        "raw/bbb_h263_176x144.3gp",
        "raw/gannets_mpeg4_960x400.avi",
        "raw/man_meeting_frag_60.flv",
        "raw/mjpeg_pcm.avi",
        "raw/nasa_telescope_multistream.mp4",
        "raw/odd_321x181_yuv444.mp4",
        "raw/prores_proxy.mov",
        "raw/rotate90_meta.mp4",
        "raw/spaces and ünïcode 视频 (1).mp4",
        "raw/ts_offset_10s.ts",
        "raw/vfr_irregular.mkv",
        "raw/wmv2_asf.wmv",
        "broken/bitflips_in_mdat.mp4",
        "broken/mid_gop_start.ts",
        "broken/tiny_8x8.webm",
    ],
)
def test_real_videos_are_cut_exactly(corpus, tmp_path, name):
    path = corpus / name
    info, ticks, _ = first_pass(path)
    middle = ticks.size // 2
    clips = cut_at(path, starts=(0, middle) if middle else (0,), folder=tmp_path)

    assert sum(clip.num_frames for clip in clips) == ticks.size
    for clip, begin in zip(clips, (0, middle), strict=False):
        pictures = shown(clip.path)
        times = (ticks[begin : begin + clip.num_frames] - ticks[begin]) * float(info.time_base)
        assert [float(at) for at, _ in pictures] == pytest.approx(times.tolist(), abs=1e-5)
        assert {image.shape[:2] for _, image in pictures} == {(info.height // 2 * 2, info.width // 2 * 2)}
        if clip.file.has_audio:
            rate, samples = heard(clip.path)
            assert samples.shape[1] / rate == pytest.approx(clip.clip.span.duration, abs=1 / clip.file.fps)
