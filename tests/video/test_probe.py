from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from tests.video.making import add_sound, tone, write_picture
from vidcurate.errors import UnreadableVideo
from vidcurate.records import VideoInfo
from vidcurate.video.probe import probe

GREY = np.full((64, 96, 3), 128, np.uint8)


def test_a_plain_video_is_described(make_video):
    path = make_video(shots=(25, 25))
    info = probe(str(path))

    assert info == VideoInfo(
        width=320,
        height=176,
        rotation=0,
        fps=25.0,
        duration=2.0,
        num_frames=50,
        codec="h264",
        pixel_format="yuv420p",
        audio_codec=None,
        bit_rate=path.stat().st_size * 8 // 2,
        time_base=Fraction(1, 12800),
        origin=0,
    )


def test_sound_is_named_by_its_codec(make_video):
    assert probe(str(make_video(shots=(10,), audio=True))).audio_codec == "aac"


@pytest.mark.parametrize(
    "name",
    ["-dash.mp4", "a space.mp4", "ünïcode 视频.mp4", "percent%03d.mp4", "a:b.mp4", "concat:x.mp4", "a?b#c&d.mp4"],
)
def test_any_file_name_is_only_a_name(make_video, name, tmp_path, monkeypatch):
    make_video(name, shots=(5,))
    monkeypatch.chdir(tmp_path)

    assert probe(name).num_frames == 5
    assert probe(str(tmp_path / name)).num_frames == 5


@pytest.mark.parametrize(
    ("aspect", "rotation", "expected"),
    [
        (Fraction(1), 0, (96, 64, 0)),
        (Fraction(16, 11), 0, (140, 64, 0)),  # 96 x 16/11 = 139.6
        (Fraction(427, 426), 0, (96, 64, 0)),  # 0.2 % off square: the rounding of a scaler
        (Fraction(100, 1), 0, (96, 64, 0)),  # damage
        (Fraction(1), 90, (64, 96, 90)),
        (Fraction(1), 180, (96, 64, 180)),
        (Fraction(1), 270, (64, 96, 270)),
        (Fraction(16, 11), 90, (64, 140, 90)),
    ],
)
def test_width_and_height_are_those_of_the_display(tmp_path, aspect, rotation, expected):
    info = probe(str(write_picture(tmp_path / "a.mp4", GREY, aspect=aspect, rotation=rotation)))

    assert (info.width, info.height, info.rotation) == expected


def test_the_origin_is_where_the_container_starts(make_video):
    path = make_video("late.ts", shots=(25,), times=range(250, 275))  # from 10 s on

    assert probe(str(path)).origin == 900_000  # ticks of 90 kHz


def test_frames_that_an_edit_list_leaves_out_are_not_promised(make_video, tmp_path):
    path = tmp_path / "edited.mp4"
    options = {"avoid_negative_ts": "disabled", "use_editlist": "1"}
    with av.open(str(make_video(shots=(50,)))) as source, av.open(str(path), "w", container_options=options) as target:
        copy = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.pts, packet.dts, packet.stream = packet.pts - 20 * 512, packet.dts - 20 * 512, copy
                target.mux(packet)

    assert probe(str(path)).num_frames == 30


def test_a_gif_of_several_pictures_is_a_video(tmp_path):
    info = probe(str(write_picture(tmp_path / "a.gif", GREY, codec="gif", pix_fmt="rgb8", count=4)))

    assert (info.codec, info.num_frames, info.width, info.height) == ("gif", 4, 96, 64)


def test_cover_pictures_are_passed_over(make_video, tmp_path):
    path, source = tmp_path / "covered.mp4", make_video(shots=(10,))
    with av.open(str(source)) as origin, av.open(str(path), "w") as target:
        cover, copy = _cover_of(target), target.add_stream_from_template(origin.streams.video[0])
        _write_cover(cover)
        for packet in origin.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)

    info = probe(str(path))

    assert (info.codec, info.num_frames) == ("h264", 10)


def empty(path: Path) -> None:
    path.touch()


def text(path: Path) -> None:
    path.write_text("not a video\n" * 100)


def noise(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(50000))


def png(path: Path) -> None:
    _picture(path, "png", "rgb24")


def jpeg(path: Path) -> None:
    _picture(path, "mjpeg", "yuvj420p")


def gif_of_one(path: Path) -> None:
    write_picture(path.with_suffix(".gif"), GREY, codec="gif", pix_fmt="rgb8", count=1).rename(path)


def playlist(path: Path) -> None:
    write_picture(path.parent / "other.mp4", GREY)
    path.write_text("ffconcat version 1.0\nfile other.mp4\n")


def without_index(path: Path) -> None:
    write_picture(path, GREY)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 4])


def unknown_codec(path: Path) -> None:
    write_picture(path, GREY)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))


def sound_only(path: Path) -> None:
    with av.open(str(path), "w") as container:
        _write_sound(container.add_stream("aac", rate=48000))


def sound_with_cover(path: Path) -> None:
    with av.open(str(path), "w") as container:
        cover, sound = _cover_of(container), container.add_stream("aac", rate=48000)
        _write_cover(cover)
        _write_sound(sound)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (empty, "no container"),
        (text, "no container"),
        (noise, "no container"),
        (without_index, "no container"),
        (png, "still picture or text (png_pipe)"),
        (jpeg, "still picture or text (jpeg_pipe)"),
        (gif_of_one, "still picture or text (gif)"),
        (playlist, "a playlist (concat)"),
        (unknown_codec, "no decoder for its video"),
        (sound_only, "no video, only audio"),
        (sound_with_cover, "no video, only audio, cover picture"),
    ],
)
def test_what_is_no_video_is_refused_with_the_path_and_the_reason(tmp_path, make, reason):
    path = tmp_path / "input.mp4"
    make(path)

    with pytest.raises(UnreadableVideo) as caught:
        probe(str(path))

    assert str(caught.value).startswith(f"{path}: ")
    assert reason in str(caught.value)


def test_plain_text_is_not_taken_for_ansi_art(tmp_path):
    path = tmp_path / "README.txt"
    text(path)

    with pytest.raises(UnreadableVideo, match="still picture or text"):
        probe(str(path))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UnreadableVideo, match="No such file"):
        probe(str(tmp_path / "gone.mp4"))


def test_tags_in_an_unknown_encoding_do_no_harm(make_video, tmp_path):
    path = add_sound(tmp_path / "a.mkv", make_video(shots=(5,)), tone(0.2))
    path.write_bytes(path.read_bytes().replace(b"Lavf", b"\xff\xfe\xff\xfe"))

    assert probe(str(path)).codec == "h264"


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "expected"),
    [  # by eye: turned by these degrees the pictures stand upright
        ("rotate90_meta.mp4", (640, 360, 270)),
        ("dog_fireplace_rot180_vfr.mp4", (1280, 720, 180)),
        ("man_headphones_hevc_rot90_vfr.mp4", (1080, 1440, 90)),
        ("bbb_rotated90_fragmented.mp4", (1080, 1920, 270)),
        ("anamorphic_sar_16_11.mp4", (512, 288, 0)),
        ("crosswalk_toronto.mp4", (854, 480, 0)),
    ],
)
def test_real_phone_clips_are_described_upright(corpus, name, expected):
    info = probe(str(corpus / "raw" / name))

    assert (info.width, info.height, info.rotation) == expected


@pytest.mark.corpus
def test_a_stream_with_a_clock_of_milliseconds_does_not_claim_1000_frames_a_second(corpus):
    assert probe(str(corpus / "raw" / "man_meeting_frag_60.flv")).fps == 60.0


def _picture(path: Path, codec: str, pix_fmt: str) -> None:
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt, context.time_base = 96, 64, pix_fmt, Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(GREY).reformat(format=pix_fmt)
    frame.pts = 0
    path.write_bytes(b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode()]))


def _cover_of(container: av.container.OutputContainer) -> av.VideoStream:
    cover = container.add_stream("mjpeg", rate=25)
    cover.width, cover.height, cover.pix_fmt, cover.disposition = 96, 64, "yuvj420p", Disposition.attached_pic
    return cover


def _write_cover(cover: av.VideoStream) -> None:
    frame = av.VideoFrame.from_ndarray(GREY).reformat(format="yuvj420p")
    frame.pts = 0
    cover.container.mux([*cover.encode(frame), *cover.encode()])


def _write_sound(sound: av.AudioStream) -> None:
    frame = av.AudioFrame.from_ndarray(np.zeros((2, 4800), np.float32), format="fltp", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
    sound.container.mux([*sound.encode(frame), *sound.encode()])
