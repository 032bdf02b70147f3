from __future__ import annotations

import platform
from fractions import Fraction

import av

from vidcurate.video.x264 import parameters


def encoded(path, options: dict[str, str]) -> bytes:
    """What libx264 makes of the frames that a decoder gives."""
    encoder = av.VideoCodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.thread_count = 320, 176, "yuv420p", 1
    encoder.time_base, encoder.options = Fraction(1, 25), {"preset": "veryfast", **options}
    packets = []
    with av.open(str(path)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            frame.pts, frame.pict_type = index, 0
            packets += encoder.encode(frame)
    return b"".join(bytes(packet) for packet in [*packets, *encoder.encode(None)])


def test_the_same_frames_are_the_same_bytes_every_time_and_as_on_an_older_cpu(make_video):
    path = make_video(shots=(20, 20))

    made = {encoded(path, parameters()) for _ in range(8)}

    assert len(made) == 1
    if platform.machine().lower() in {"x86_64", "amd64"}:
        assert made == {encoded(path, {"x264-params": "asm=sse4"})}


def test_parameters_of_the_caller_are_kept():
    assert parameters("sps-id=31", "bframes=0")["x264-params"].startswith("sps-id=31:bframes=0")
