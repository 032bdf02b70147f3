from __future__ import annotations

from dataclasses import replace

import pytest

from vidcurate.report.dataset import read_dataset
from vidcurate.report.sample import CLIPS, VIDEOS, sample
from vidcurate.store.files import Store
from vidcurate.table import CLIPS as SCHEMA
from vidcurate.table import table


@pytest.mark.parametrize(
    ("videos", "each", "drawn"),
    [
        (0, 0, (0, 0)),
        (3, 5, (3, 15)),
        (1000, 1, (334, 334)),  # every third video is within the bound
        (100, 100, (34, 3400)),  # every third, as every second has 5,000 clips
        (1, 5000, (1, CLIPS)),
    ],
)
def test_whole_videos_are_drawn_evenly_within_bounds(tmp_path, videos, each, drawn):
    rows = [{"clip_id": f"{v}-{c}", "video_id": f"v{v:04d}"} for v in range(videos) for c in range(each)]
    dataset = replace(read_dataset(Store(str(tmp_path)), None), clips=table(SCHEMA, rows))

    found = sample(dataset)

    assert (len(found.videos), found.clips.num_rows) == drawn
    assert (found.all_videos, found.all_clips) == (videos, videos * each)
    assert found.is_whole == (drawn == (videos, videos * each))
    assert len(found.videos) <= VIDEOS
    if drawn[1] < CLIPS:
        counts = found.clips["video_id"].value_counts().to_pylist()
        assert {row["counts"] for row in counts} <= {each}
