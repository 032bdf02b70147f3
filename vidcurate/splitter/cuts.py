"""From cuts to shots, and how PySceneDetect's detectors are asked for cuts; neither knows which detector it is."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from vidcurate.records import Shot
from vidcurate.splitter.base import Thumbnail

if TYPE_CHECKING:
    from scenedetect.detector import SceneDetector


def shots_between(cuts: Iterable[int], frames: int) -> tuple[Shot, ...]:
    """Shots of a video of so many frames.

    Args:
        cuts: index of the first frame of each shot, in any order; 0 may be left out.
        frames: how many frames the video has.
    """
    return tuple(Shot(start, end) for start, end in pairwise(sorted({0, *cuts, frames})))


def scan(detector: SceneDetector, thumbnails: Iterable[Thumbnail]) -> tuple[Shot, ...]:
    """Shots that a detector of PySceneDetect finds.

    Args:
        detector: a fresh one: it remembers the frames that it has seen.
        thumbnails: every frame of one video.
    """
    from scenedetect.common import FrameTimecode

    cuts: list[int] = []
    frames = 0
    for _, image in thumbnails:
        # The detectors count frames; a rate must be named and changes nothing.
        now = FrameTimecode(frames, fps=25.0)
        cuts += [cut.frame_num for cut in detector.process_frame(now, np.ascontiguousarray(image[..., ::-1]))]
        frames += 1
    return shots_between(cuts, frames)
