from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from vidcurate.cluster.base import Clusters
from vidcurate.dedup.leader import Leader
from vidcurate.dedup.order import BEST, Candidates
from vidcurate.errors import ConfigError

FACTS = pa.table(
    {
        "pixels": [100, 400, 400, 400, None],
        "bits_per_pixel": [0.9, 0.1, 0.3, 0.3, 0.9],
        "duration": [5.0, 5.0, 2.0, 3.0, 9.0],
        "codec": ["h264", "h264", "vp9", "av1", "h264"],
    }
)


def order(facts: pa.Table = FACTS, **settings) -> str:
    """Ids in the order in which clips are kept."""
    ids = tuple("abcdefgh"[: facts.num_rows])
    vectors = np.eye(len(ids), dtype=np.float32)
    clusters = Clusters.of(vectors, np.zeros(len(ids), int))
    ranks = Leader(**settings).ranks(
        Candidates(ids=pa.array(ids), vectors=vectors, clusters=clusters, facts=facts, seed=0)
    )
    return "".join(ids[row] for row in np.argsort(ranks))


def test_the_best_has_most_pixels_then_most_bits_for_each_then_lasts_longest():
    assert order() == "dcbae"


def test_a_clip_that_lacks_a_value_comes_last():
    assert order(best=("-pixels",))[-1] == "e"


def test_columns_can_be_chosen_and_small_values_put_first():
    assert order(best=("duration", "-pixels")) == "cdbae"


def test_equals_are_ordered_by_id():
    assert order(pa.table({"pixels": [1, 1, 1]})) == "abc"


def test_of_the_columns_of_the_default_any_may_be_unknown():
    assert order(pa.table({"duration": [1.0, 2.0]}), best=BEST) == "ba"


@pytest.mark.parametrize("name", ["-pixel", "codec"])
def test_a_column_that_is_not_there_or_holds_no_numbers_is_refused_with_those_that_do(name):
    with pytest.raises(ConfigError, match=f"dedup.best='{name}'.*columns: bits_per_pixel, duration, pixels"):
        order(best=(name,))
