"""Small videos with known cuts, whose every frame carries its own number in its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from vidcurate.video.x264 import parameters

BITS = 10
BLOCK = 16  # pixels; large enough to survive lossy coding


def write_video(
    path: Path,
    shots: Sequence[int] = (25, 25),
    *,
    size: tuple[int, int] = (320, 176),
    fps: Fraction = Fraction(25),
    codec: str = "libx264",
    audio: bool = False,
    gop: int = 50,
    times: Sequence[int] | None = None,
    seed: int = 0,
) -> Path:
    """A video of several shots.

    Args:
        path: the container is chosen by its suffix.
        shots: frames of each shot; every shot has a scene of its own that moves a little.
        size: width and height, multiples of 16.
        fps: frame rate; with `times`, the inverse of the time base.
        codec: FFmpeg's name of an encoder.
        audio: whether a 440 Hz tone of the same length goes with it.
        gop: frames between keyframes; B-frames are on.
        times: timestamps in ticks of 1/fps, one per frame, for variable frame rates.
        seed: other seeds give other scenes.
    """
    width, height = size
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=fps)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.codec_context.time_base = 1 / fps
        if codec == "libx264":
            video.options = {"crf": "18", "preset": "veryfast", "bf": "2", "g": str(gop), **parameters()}
        sound = container.add_stream("aac", rate=48000, layout="mono") if audio else None
        number = 0
        for shot, length in enumerate(shots):
            scene = _scene(width, height, seed * 1000 + shot)
            for step in range(length):
                image = np.roll(scene, 2 * step, axis=1).copy()
                _stamp(image, number)
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts = number if times is None else times[number]
                frame.time_base = 1 / fps
                container.mux(video.encode(frame))
                number += 1
        container.mux(video.encode())
        if sound is not None:
            for packet in _tone(sound, number / float(fps)):
                container.mux(packet)
    return path


def write_videos(folder: Path, *names: str) -> None:
    """A folder of short videos of two shots each, no two alike."""
    folder.mkdir()
    for seed, name in enumerate(names):
        write_video(folder / name, (60, 60), seed=seed)


def read_numbers(path: Path | str) -> list[int]:
    """The numbers stamped on the frames of a file, in presentation order."""
    with av.open(str(path)) as container:
        return [read_number(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def read_number(image: NDArray[np.uint8]) -> int:
    """The number stamped on one image, uint8 [height, width, 3]."""
    strip = image[:BLOCK, : BITS * BLOCK].mean(axis=2).reshape(BLOCK, BITS, BLOCK).mean(axis=(0, 2))
    return int(sum(1 << bit for bit in range(BITS) if strip[bit] > 128))


def _stamp(image: NDArray[np.uint8], number: int) -> None:
    for bit in range(BITS):
        image[:BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = 255 if number >> bit & 1 else 0


def _scene(width: int, height: int, seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (height // 16, width // 16, 3), np.uint8)
    return np.kron(coarse, np.ones((16, 16, 1), np.uint8)).astype(np.uint8)


def _tone(stream: av.AudioStream, seconds: float) -> list[av.Packet]:
    samples = (np.sin(2 * np.pi * 440 * np.arange(int(48000 * seconds)) / 48000) * 0.3).astype(np.float32)
    packets: list[av.Packet] = []
    for start in range(0, len(samples), 1024):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        packets += stream.encode(frame)
    return packets + stream.encode()
