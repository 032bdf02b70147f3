"""Smart: only the frames from a cut to the next key frame are encoded, the rest is copied.

Files begin with their first frame, as those of `h264` do, and little of them is encoded: cuts lie on key frames more
often than not, and groups of pictures are short beside clips. H.264 of 8 bit with 4:2:0 colour only; all else, and a
clip that does not show what it should, is encoded by `h264`. The two streams of a clip have parameter sets of their
own, which decoders that read the header of MP4 only once do not mind.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Annotated, Literal

import pydantic

from vidcurate.records import VideoInfo
from vidcurate.registry import register
from vidcurate.transcoder.base import Cutter, Open, Transcoder
from vidcurate.transcoder.h264 import H264, Preset


@register
class Smart(Transcoder):
    """Encodes up to the next key frame and copies from there.

    Attributes:
        preset: of libx264.
        crf: of libx264, quality from 0 (lossless) to 51 (worst).
        audio: `keep` the sound as AAC, or `drop` it.
    """

    preset: Preset = "veryfast"
    crf: Annotated[int, pydantic.Field(ge=0, le=51)] = 20
    audio: Literal["keep", "drop"] = "keep"

    @property
    def spare(self) -> Transcoder:
        """`h264`."""
        return H264(preset=self.preset, crf=self.crf, audio=self.audio)

    def load(self, device: str) -> Open:
        """The function that opens a video for cutting."""
        from vidcurate.video.smart import SmartCopier

        encode = self.spare.load(device)

        def cut(path: str, info: VideoInfo) -> AbstractContextManager[Cutter]:
            if (info.codec, info.pixel_format) != ("h264", "yuv420p"):
                return encode(path, info)
            return SmartCopier(path, info, self.audio, self.preset, self.crf)

        return cut
