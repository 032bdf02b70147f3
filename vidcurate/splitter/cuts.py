"""From cuts to shots, and how PySceneDetect's detectors are asked for cuts; neither knows which detector it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from vidcurate.records import Shot, Thumbnail

if TYPE_CHECKING:
    from scenedetect.detector import SceneDetector


def shots_between(cuts: Iterable[tuple[int, list[int]]]) -> Iterator[Shot]:
    """Shots of a video whose cuts become known as its frames pass.

    Args:
        cuts: after each frame, how many frames no later cut can fall among, rising, and the cuts that are new: the
            index of the first frame of a shot, rising. In the last entry, the number of frames of the video.
    """
    start = end = 0
    for end, found in cuts:
        for cut in found:
            if cut > start:
                yield Shot(start, cut)
            start = cut
        if end > start:
            yield Shot(start, end, open=True)
    if end > start:
        yield Shot(start, end)


def scan(detector: SceneDetector, thumbnails: Iterable[Thumbnail]) -> Iterator[Shot]:
    """Shots that a detector of PySceneDetect finds.

    Args:
        detector: a fresh one: it remembers the frames that it has seen.
        thumbnails: every frame of one video.
    """
    return shots_between(_scan(detector, thumbnails))


def _scan(detector: SceneDetector, thumbnails: Iterable[Thumbnail]) -> Iterator[tuple[int, list[int]]]:
    from scenedetect.common import FrameTimecode

    frames = 0
    for thumbnail in thumbnails:
        # The detectors count frames; a rate must be named and changes nothing.
        now = FrameTimecode(frames, fps=25.0)
        cuts = detector.process_frame(now, np.ascontiguousarray(thumbnail.image[..., ::-1]))
        frames += 1
        yield max(0, frames - detector.event_buffer_length), [cut.frame_num for cut in cuts]
    yield frames, []
