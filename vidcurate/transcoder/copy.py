"""Copy: no frame is encoded, so clips cost next to nothing and lose nothing; files are as large as in the source.

Every clip is exact to the frame by an edit list, which FFmpeg, PyAV, torchcodec, OpenCV and browsers obey; a reader
that ignores it sees up to one group of pictures too much at the start. Turned pictures stay turned by a tag. A clip
that cannot be copied, by its codec or its timestamps, or whose copy does not show what it should, is encoded by `h264`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Annotated, Literal

import pydantic

from vidcurate.records import VideoInfo
from vidcurate.registry import register
from vidcurate.transcoder.base import Cutter, Open, Transcoder
from vidcurate.transcoder.h264 import H264


@register
class Copy(Transcoder):
    """Copies the compressed frames of H.264, HEVC, AV1, VP9 and MPEG-4; sound becomes AAC.

    Attributes:
        audio: `keep` the sound as AAC, or `drop` it.
        crf: of clips that cannot be copied, as in `h264`.
    """

    audio: Literal["keep", "drop"] = "keep"
    crf: Annotated[int, pydantic.Field(ge=0, le=51)] = 23

    @property
    def spare(self) -> Transcoder:
        """`h264`."""
        return H264(crf=self.crf, audio=self.audio)

    def load(self, device: str) -> Open:
        """The function that opens a video for cutting."""
        from vidcurate.video.copying import COPYABLE, Copier

        encode = self.spare.load(device)

        def cut(path: str, info: VideoInfo) -> AbstractContextManager[Cutter]:
            return Copier(path, info, self.audio) if info.codec in COPYABLE else encode(path, info)

        return cut
