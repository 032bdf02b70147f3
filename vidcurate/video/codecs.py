"""Which of FFmpeg's coders PyAV brings, and whether they open on this machine."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import av

SIDE = 256
"""Pixels of the pictures that an encoder is opened for; NVENC takes none below 145."""


def fault(codec: str, mode: Literal["decode", "encode"]) -> str:
    """Why a coder cannot be used here; empty where it opens.

    Args:
        codec: FFmpeg's name of it, such as `libx264`, or of a format, such as `av1`.
        mode: what it is to do.
    """
    try:
        context = av.CodecContext.create(codec, "w" if mode == "encode" else "r")
        if mode == "encode" and isinstance(context, av.VideoCodecContext):
            context.width = context.height = SIDE
            formats = av.Codec(codec, "w").video_formats or ()
            names = [entry.name for entry in formats]
            context.pix_fmt = "yuv420p" if "yuv420p" in names or not names else names[0]
            context.time_base = Fraction(1, 25)
        elif mode == "encode" and isinstance(context, av.AudioCodecContext):
            context.sample_rate, context.layout, context.format = 48000, "stereo", "fltp"
        context.open()
    except (av.FFmpegError, ValueError) as error:
        return str(error) or type(error).__name__
    return ""


def libraries() -> dict[str, str]:
    """Versions of FFmpeg's libraries in PyAV, by name."""
    return {name: ".".join(map(str, version)) for name, version in sorted(av.library_versions.items())}
