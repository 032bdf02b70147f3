from __future__ import annotations

import pytest

from vidcurate.stage.facts import facts_of, sources_of
from vidcurate.stage.settle import Tables
from vidcurate.table import BOUNDS, CAPTIONS, CLIPS, FAILURES, HASHES, SCORES, VIDEOS, table


@pytest.fixture
def tables() -> Tables:
    videos = [
        {"video_id": "v", "width": 200, "height": 100, "fps": 10.0, "bit_rate": 400_000},
        {"video_id": "w", "width": 100, "height": 100, "fps": 10.0, "bit_rate": None},
    ]
    clips = [
        {"clip_id": name, "video_id": video, "width": 20, "height": 10, "duration": 1.5, "kept": True}
        for name, video in (("c", "w"), ("a", "v"), ("b", "v"))
    ]
    scores = [
        {"clip_id": "a", "filter": "motion", "score": "motion", "value": 0.5},
        {"clip_id": "b", "filter": "quality", "score": "quality", "value": 0.7},
        {"clip_id": "a", "filter": "quality", "score": "quality", "value": 0.6},
    ]
    return Tables(
        videos=table(VIDEOS, videos),
        clips=table(CLIPS, clips),
        scores=table(SCORES, scores),
        bounds=table(BOUNDS, []),
        captions=table(CAPTIONS, []),
        hashes=table(HASHES, []),
        failures=table(FAILURES, []),
    )


def test_clips_are_known_by_their_numbers_their_scores_and_their_source(tables):
    facts = facts_of(("a", "b", "c"), tables)

    assert facts["pixels"].to_pylist() == [200, 200, 200]
    assert facts["bits_per_pixel"].to_pylist()[:2] == [2.0, 2.0]
    assert facts["duration"].to_pylist() == [1.5] * 3
    assert facts["motion.motion"].to_pylist() == [0.5, None, None]
    assert facts["score"].to_pylist() == [0.6, 0.7, None]


def test_clips_of_one_video_are_of_one_source(tables):
    a, b, c = sources_of(("a", "b", "c"), tables).tolist()

    assert a == b != c
