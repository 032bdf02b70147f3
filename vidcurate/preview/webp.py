"""WebP: a looping animation of each clip, and a strip of a few of its frames side by side as JPEG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
import pydantic

from vidcurate.preview.base import Draw, Preview
from vidcurate.records import Frames, Sampling
from vidcurate.registry import register

STRIP_FRAMES = 5
"""Frames of a strip at most; odd, so that one is in the middle."""

STRIP_HEIGHT = 120
"""Pixels; the report shows hundreds of strips."""

MAX_FRAME_BYTES = 6000
"""Of a strip, for each of its frames."""


@register
class WebP(Preview):
    """Animations in fast motion; one of ten seconds takes some 30 kB.

    Attributes:
        fps: frames taken of each second of the clip.
        height: of the pictures in pixels; the shape is the clip's, up to 16:9.
        speed: how many times faster than the clip the animation runs.
        quality: of the animation, 0 to 100.
    """

    fps: Annotated[float, pydantic.Field(gt=0, le=30)] = 1.0
    height: Annotated[int, pydantic.Field(ge=16, le=1080)] = 240
    speed: Annotated[float, pydantic.Field(gt=0)] = 3.0
    quality: Annotated[int, pydantic.Field(ge=0, le=100)] = 60

    @property
    def sampling(self) -> Sampling | None:
        """Frames at `fps` that fit into 16:9 of `height`."""
        return Sampling(width=round(self.height * 16 / 9), height=self.height, fps=self.fps, fit="inside")

    def load(self, device: str) -> Draw:
        """The function that draws; there is no model, `device` is ignored."""
        from vidcurate.video.jpeg import small_jpeg
        from vidcurate.video.webp import animation, shrunk

        def draw(frames: Frames) -> Mapping[str, bytes]:
            images = frames.images
            chosen = np.unique(np.linspace(0, len(images) - 1, STRIP_FRAMES).round().astype(np.int64))
            strip = np.concatenate([shrunk(images[index], STRIP_HEIGHT) for index in chosen], axis=1)
            return {
                "webp": animation(images, fps=self.fps * self.speed, quality=self.quality),
                "jpg": small_jpeg(strip, MAX_FRAME_BYTES * len(chosen)),
            }

        return draw
