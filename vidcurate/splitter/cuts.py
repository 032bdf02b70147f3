"""From cuts to shots, and what the splitters share that ask one of PySceneDetect's detectors for cuts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
import pydantic

from vidcurate.records import Shot, Thumbnail
from vidcurate.registry import settings
from vidcurate.splitter.base import Detect, Splitter

if TYPE_CHECKING:
    from scenedetect.detector import SceneDetector


@settings
class CutSplitter(Splitter):
    """Splits where a detector of PySceneDetect sees a cut.

    Attributes:
        min_shot_frames: cuts nearer to the one before than this are ignored.
        looks_by: the method of the detector that looks at a frame; thresholds are applied to what it returns.
        sight: settings that change what it sees.
    """

    looks_by: ClassVar[str]
    sight: ClassVar[tuple[str, ...]] = ()

    min_shot_frames: Annotated[int, pydantic.Field(ge=0)] = 15

    @property
    def reach(self) -> int | None:
        """A few times the shortest shot, over which a cut that is ignored may lead to another."""
        return max(250, 8 * self.min_shot_frames)

    @property
    def lag(self) -> int:
        """Frames before the latest among which the detector may still put a cut."""
        frames: int = self.detector().event_buffer_length
        return frames

    @abstractmethod
    def detector(self) -> SceneDetector:
        """A fresh detector; it remembers the frames that it has seen."""

    def load(self, device: str) -> Detect:
        """The function that finds shots; there is no model, `device` is ignored."""
        return lambda thumbnails: shots_between(cuts(self.detector(), thumbnails))


def shots_between(told: Iterable[tuple[int, list[int]]]) -> Iterator[Shot]:
    """Shots of a video whose cuts become known as its frames pass.

    Args:
        told: after each frame, how many frames no later cut can fall among, rising, and the cuts that are new: the
            index of the first frame of a shot, rising. In the last entry, the number of frames of the video.
    """
    start = end = 0
    for end, found in told:
        for cut in found:
            if cut > start:
                yield Shot(start, cut)
            start = cut
        if end > start:
            yield Shot(start, end, open=True)
    if end > start:
        yield Shot(start, end)


def cuts(detector: SceneDetector, thumbnails: Iterable[Thumbnail]) -> Iterator[tuple[int, list[int]]]:
    """What `shots_between` takes, from a detector that is shown every frame."""
    from scenedetect.common import FrameTimecode

    frames = 0
    for thumbnail in thumbnails:
        # The detectors count frames; a rate must be named and changes nothing.
        now = FrameTimecode(frames, fps=25.0)
        cuts = detector.process_frame(now, np.ascontiguousarray(thumbnail.image[..., ::-1]))
        frames += 1
        yield max(0, frames - detector.event_buffer_length), [cut.frame_num for cut in cuts]
    yield frames, []
