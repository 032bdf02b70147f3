"""H.264 by the encoder of an Nvidia GPU; A100 and H100 have none. Its bytes depend on the GPU and its driver.

Options are those of NeMo Curator: variable rate, adaptive quantisation in space and time, 20 frames of look-ahead. The
video is decoded on the CPU, where the splitter needs its frames anyway.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from fractions import Fraction
from functools import partial
from typing import Annotated, Literal

import pydantic

from vidcurate.errors import ConfigError
from vidcurate.records import VideoInfo
from vidcurate.registry import register
from vidcurate.transcoder.base import Cutter, Open, Transcoder
from vidcurate.transcoder.h264 import H264

MIN_SIDE, MAX_SIDE = 160, 4096
"""Pixels: NVENC takes widths from 145 on, and no side beyond the latter; other pictures are encoded by `h264`."""


@register
class H264Nvenc(Transcoder):
    """Re-encodes every clip on a GPU.

    Attributes:
        preset: `p1` (fastest) to `p7` (best).
        cq: quality from 1 (best) to 51 (worst).
        bit_rate: bits per second instead of a quality; `source` takes that of the video's file, `cq` where unknown.
        short_side: as in `h264`.
        interlace: as in `h264`.
        hdr: as in `h264`; 8 bits always.
        audio: `keep` the sound as AAC, or `drop` it.
    """

    preset: Literal["p1", "p2", "p3", "p4", "p5", "p6", "p7"] = "p4"
    cq: Annotated[int, pydantic.Field(ge=1, le=51)] = 21
    bit_rate: Annotated[int, pydantic.Field(ge=1000)] | Literal["source"] | None = None
    short_side: Annotated[int, pydantic.Field(ge=16)] | None = None
    interlace: Literal["auto", "keep", "deinterlace"] = "auto"
    hdr: Literal["sdr", "keep"] = "sdr"
    audio: Literal["keep", "drop"] = "keep"

    @property
    def spare(self) -> Transcoder:
        """`h264`."""
        return H264(
            crf=self.cq,
            bit_rate=self.bit_rate,
            short_side=self.short_side,
            interlace=self.interlace,
            hdr=self.hdr,
            audio=self.audio,
        )

    def check(self) -> None:
        """Open the encoder once.

        Raises:
            ConfigError: it does not open.
        """
        import av

        try:
            context = av.CodecContext.create("h264_nvenc", "w")
            context.width = context.height = 256
            context.pix_fmt, context.time_base = "yuv420p", Fraction(1, 25)
            context.open()
        except (av.FFmpegError, ValueError) as error:
            raise ConfigError(
                [
                    f"transcoder=h264_nvenc: the encoder does not open on this machine ({error}); it needs an Nvidia "
                    "GPU with NVENC (A100 and H100 have none) and its driver. Choose transcoder=h264"
                ]
            ) from error

    def load(self, device: str) -> Open:
        """The function that opens a video for cutting; `device` may name the GPU, as `cuda:1`."""
        from vidcurate.video.cut import Look, Reencoder
        from vidcurate.video.encode import Encoding
        from vidcurate.video.upright import Form

        encoding = Encoding(
            encoder="h264_nvenc",
            preset=self.preset,
            crf=self.cq,
            bit_rate=self.bit_rate,
            gpu=int(device.partition(":")[2] or 0) if device.startswith("cuda") else 0,
            audio=self.audio,
        )
        look = Look(form=Form(short_side=self.short_side, hdr=self.hdr), interlace=self.interlace)
        on_gpu = partial(Reencoder, encoding=encoding, look=look)
        on_cpu = self.spare.load(device)

        def cut(path: str, info: VideoInfo) -> AbstractContextManager[Cutter]:
            shrink = min(1.0, (self.short_side or MAX_SIDE) / min(info.width, info.height))
            sides = round(info.width * shrink), round(info.height * shrink)
            fits = min(sides) >= MIN_SIDE and max(sides) <= MAX_SIDE
            return on_gpu(path, info) if fits else on_cpu(path, info)

        return cut
