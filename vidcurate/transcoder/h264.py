"""H.264 by libx264, which every player, browser and data loader reads, with the sound as AAC."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Annotated, Literal

import pydantic

from vidcurate.registry import Count, register
from vidcurate.transcoder.base import Open, Transcoder

Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]
"""Speeds of libx264; faster ones write larger files."""


@register
class H264(Transcoder):
    """Re-encodes every clip, so that it begins and ends at exactly the frames of its shot.

    Attributes:
        preset: of libx264; faster ones write larger files.
        crf: of libx264, quality from 0 (lossless) to 51 (worst).
        bit_rate: bits per second instead of a quality; `source` takes that of the video's file, `crf` where unknown.
        short_side: larger pictures are scaled down until their shorter side has so many pixels; None keeps the size.
        interlace: `auto` deinterlaces frames that say they are interlaced, `deinterlace` all, `keep` none.
        depth: 8 bits, or `keep` more than 8 as 10, which few browsers play.
        hdr: `sdr` tone-maps PQ and HLG to BT.709; `keep` leaves them, which wants `depth` kept too.
        threads: of libx264, for each clip; other numbers give other bytes.
        audio: `keep` the sound as AAC, `drop` it, or keep it and write it as `wav` too: `audio/{clip_id}.wav`.
        fps: constant frame rate, for which frames are repeated or left out; None keeps the source's timestamps.
        letterbox: `crop` black bars off, clip by clip, or `keep` them.
    """

    preset: Preset = "veryfast"
    crf: Annotated[int, pydantic.Field(ge=0, le=51)] = 23
    threads: Count = 1
    audio: Literal["keep", "drop", "wav"] = "keep"
    bit_rate: Annotated[int, pydantic.Field(ge=1000)] | Literal["source"] | None = None
    short_side: Annotated[int, pydantic.Field(ge=16)] | None = None
    interlace: Literal["auto", "keep", "deinterlace"] = "auto"
    depth: Literal[8, "keep"] = 8
    hdr: Literal["sdr", "keep"] = "sdr"
    fps: Annotated[float, pydantic.Field(gt=0, le=240, allow_inf_nan=False)] | None = None
    letterbox: Literal["keep", "crop"] = "keep"

    def load(self, device: str) -> Open:
        """The function that opens a video for cutting; it runs on the CPU whatever `device` is."""
        from vidcurate.video.cut import Look, Reencoder
        from vidcurate.video.encode import Encoding
        from vidcurate.video.upright import Form

        encoding = Encoding(
            preset=self.preset, crf=self.crf, bit_rate=self.bit_rate, threads=self.threads, audio=self.audio
        )
        look = Look(
            form=Form(short_side=self.short_side, depth=self.depth, hdr=self.hdr),
            interlace=self.interlace,
            crop=self.letterbox == "crop",
            fps=None if self.fps is None else Fraction(self.fps).limit_denominator(1001),
        )
        return partial(Reencoder, encoding=encoding, look=look)
