"""What a transcoder is: it writes clips of one video as files and shows their sampled frames on the way."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vidcurate.records import Clip, CutClip, Sampling, VideoInfo
from vidcurate.registry import Component, settings

Cut = Callable[[str, VideoInfo, Sequence[Clip], Sequence[Sampling], Path, NDArray[np.int64]], Iterator[CutClip]]
"""(path of the video, its info, clips in order, samplings, folder, ticks) -> clips as they are finished, in order.

The ticks are the timestamps of all frames of the video, int64 [n], from the pass that found its shots. Each clip is
written to `folder/{clip.id}.mp4` and holds exactly the frames whose timestamps lie in its span.
"""


@settings
class Transcoder(Component):
    """How clips are written."""

    kind: ClassVar[str] = "transcoder"

    @abstractmethod
    def load(self, device: str) -> Cut:
        """The function that cuts; hardware encoders use `device`."""
