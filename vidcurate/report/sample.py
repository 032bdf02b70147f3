"""The videos whose clips are drawn one by one: whole ones, spread evenly over the dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vidcurate.report.dataset import Dataset

CLIPS, VIDEOS = 4000, 400
"""So many are drawn at most: a browser moves through them in no time, and so many files of vectors are read in one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """What is drawn.

    Attributes:
        videos: their ids, in the order of the dataset.
        clips: CLIPS of theirs.
        all_videos: with clips that the dataset has.
        all_clips: that it has.
    """

    videos: list[str]
    clips: pa.Table
    all_videos: int
    all_clips: int

    @property
    def is_whole(self) -> bool:
        """Whether every clip is drawn."""
        return bool(self.clips.num_rows == self.all_clips)


def sample(dataset: Dataset) -> Sample:
    """Take every k-th video, k as small as the bounds allow; of a single one that is too long, the first clips."""
    clips = dataset.clips
    videos = clips["video_id"].combine_chunks().dictionary_encode()
    codes = videos.indices.fill_null(-1).to_numpy()  # of clips of others, some of which are of no video
    chosen = _every(np.bincount(codes[codes >= 0], minlength=len(videos.dictionary)))
    rows = np.flatnonzero(np.isin(codes, chosen))[:CLIPS]
    return Sample(
        videos=videos.dictionary.take(pa.array(chosen, pa.int64())).to_pylist(),
        clips=clips.take(pa.array(rows, pa.int64())),
        all_videos=len(videos.dictionary),
        all_clips=clips.num_rows,
    )


def _every(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers of the videos that are chosen, given how many clips each has."""
    step = max(1, -(-len(counts) // VIDEOS))
    while True:
        chosen = np.arange(0, len(counts), step)
        if len(chosen) <= 1 or counts[chosen].sum() <= CLIPS:
            return chosen
        step += max(1, step // 8)
