from __future__ import annotations

import pyarrow as pa
import pytest

from vidcurate.data.select import Selection
from vidcurate.errors import ConfigError

TABLE = pa.table(
    {
        "key": ["a", "b", "c", "d"],
        "offset": [0, 1, 2, 3],
        "mp4_size": [1, 1, 1, 1],
        "caption": ["one", "", None, "naïve"],
        "duration": [1.0, 2.0, 3.0, 4.0],
        "score_motion": [0.1, None, 0.3, 0.4],
    }
)


@pytest.mark.parametrize(
    ("selection", "rows"),
    [
        (Selection(), [0, 1, 2, 3]),
        (Selection(min_caption=1), [0, 3]),
        (Selection(min_caption=5), [3]),
        (Selection(where={"duration": (2, 3)}), [1, 2]),
        (Selection(where={"duration": (None, 3), "score_motion": (0, None)}), [0, 2]),
        (Selection(where=lambda row: row["key"] in "bd", min_caption=1), [3]),
        (Selection(where={"duration": (5, None)}), []),
    ],
)
def test_samples_within_all_bounds_are_wanted(selection, rows):
    assert selection.rows(TABLE).tolist() == rows


@pytest.mark.parametrize("name", ["score_motoin", "caption", "mp4_size"])
def test_a_bound_for_what_is_no_number_is_refused(name):
    with pytest.raises(ConfigError, match=f"no number '{name}'.*there are duration, score_motion"):
        Selection(where={name: (0, 1)}).rows(TABLE)
