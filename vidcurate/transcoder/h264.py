"""H.264 by libx264, which every player, browser and data loader reads, with the sound as AAC."""

from __future__ import annotations

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
        threads: of libx264, for each clip; other numbers give other bytes.
        audio: `keep` the sound as AAC, or `drop` it.
    """

    preset: Preset = "veryfast"
    crf: Annotated[int, pydantic.Field(ge=0, le=51)] = 23
    threads: Count = 1
    audio: Literal["keep", "drop"] = "keep"

    def load(self, device: str) -> Open:
        """The function that opens a video for cutting; it runs on the CPU whatever `device` is."""
        from vidcurate.video.cut import Reencoder
        from vidcurate.video.encode import Encoding

        encoding = Encoding(preset=self.preset, crf=self.crf, threads=self.threads, audio=self.audio)
        return partial(Reencoder, encoding=encoding)
