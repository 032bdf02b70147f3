from __future__ import annotations

import pytest

from tests.sharder.made import made_samples
from tests.stage.cut import cut, decisions
from vidcurate.errors import VidcurateError
from vidcurate.runtime.local import Local
from vidcurate.sharder.plan import plan
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.stage.drops import drops_of
from vidcurate.stage.shard import Whole, shard, stored_shards
from vidcurate.store.files import Store
from vidcurate.table import DROPPED, DROPS, table

SHARDER = WebDataset(bins=())
KEY = "webdataset/v0/drops.parquet"


def test_every_clip_that_is_not_packed_has_a_row_that_says_why():
    tables = cut({"d": "v2", "b": "v1", "c": "v2", "a": "v1", "e": "v1", "f": "v2"}, filtered=["c"])
    decided = decisions({"a": "a", "b": "a", "d": "theirs"})
    left_out = table(DROPPED, [{"id": None, "reason": "no_id"}, {"id": "e", "reason": "zero"}])

    drops = drops_of(tables, decided, ["a", "f"], left_out)

    assert drops.schema == DROPS
    assert [tuple(row.values()) for row in drops.to_pylist()] == [
        ("b", "v1", "a/v1.mp4", "dedup", "semantic_duplicate", "a", 0.96875),
        ("c", "v2", "a/v2.mp4", "filter", "too_dark", None, None),
        ("d", "v2", "a/v2.mp4", "dedup", "known", "theirs", 0.96875),
        ("e", "v1", "a/v1.mp4", "dedup", "zero", None, None),
    ]


def test_a_clip_that_is_filtered_since_dedup_is_dropped_by_the_filter():
    [row] = drops_of(cut(["a", "b"], filtered=["b"]), decisions({"a": "a", "b": "a"}), ["a"]).to_pylist()

    assert (row["stage"], row["reason"], row["witness_id"], row["similarity"]) == ("filter", "too_dark", None, None)


def test_where_all_clips_are_packed_the_table_is_empty():
    drops = drops_of(cut(["a"]), None, ["a"])

    assert (drops.schema, drops.num_rows) == (DROPS, 0)


@pytest.mark.parametrize("packed", [["a"], ["a", "b", "c"], ["a", "b", "b"]])
def test_clips_that_do_not_add_up_are_a_defect(packed):
    with pytest.raises(VidcurateError, match=r"2 clips were cut.*do not add up"):
        drops_of(cut(["a", "b"]), decisions({"a": "a", "b": "b"}), packed)


def test_drops_lie_beside_the_index_and_are_renewed_when_only_they_change(tmp_path):
    store = Store(str(tmp_path))
    made = made_samples(store, 2)
    none = drops_of(cut(["a"]), None, ["a"])
    one = drops_of(cut(["a", "b"], filtered=["b"]), None, ["a"])

    for drops in (none, one, one):
        shard(store, store, plan(made, SHARDER, 0), SHARDER, Whole(cut="cut", drops=drops), Local())

        assert store.read_table(KEY).equals(drops)
        assert [entry.name for entry in stored_shards(store, SHARDER).values()] == ["000000"]
