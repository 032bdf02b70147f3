from __future__ import annotations

import os
import platform
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av

from vidcurate.video.x264 import parameters

SCRIPT = """
import hashlib
from pathlib import Path
from vidcurate.transcoder.h264 import H264
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe

info = probe("{source}")
with H264().load("cpu")("{source}", info) as cutter:
    writer = cutter.begin(Path("{to}"), 0)
    frames = Decoding("{source}", info)
    for tick, frame in frames:
        writer.add(tick, frame)
    writer.finish(frames.end)
print(hashlib.sha256(Path("{to}").read_bytes()).hexdigest())
"""


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


def clip(folder: Path, filler: int) -> str:
    """SHA-256 of a clip that a process has written whose fresh memory is full of one byte, as glibc can do."""
    script = SCRIPT.format(source=folder / "a.mp4", to=folder / f"{filler}.mp4")
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"MALLOC_PERTURB_": str(filler)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_what_was_in_memory_before_does_not_show_in_a_clip(make_video):
    folder = make_video("a.mp4", shots=(40, 40), gop=20).parent

    assert clip(folder, 85) == clip(folder, 0)
