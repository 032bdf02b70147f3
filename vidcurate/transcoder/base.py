"""What a transcoder is: it writes clips of one video as files and shows their sampled frames on the way."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from vidcurate.records import Clip, CutClip, Sampling, VideoInfo
from vidcurate.registry import Component, settings

Cut = Callable[[str, VideoInfo, Sequence[Clip], Sequence[Sampling], Path], Iterator[CutClip]]
"""(path of the video, its info, clips in order, samplings, folder) -> clips as they are finished, in order.

Each clip is written to `folder/{clip.id}.mp4` and holds exactly the frames whose timestamps lie in its span.
"""


@settings
class Transcoder(Component):
    """How clips are written."""

    kind: ClassVar[str] = "transcoder"

    @abstractmethod
    def load(self, device: str) -> Cut:
        """The function that cuts; hardware encoders use `device`."""
