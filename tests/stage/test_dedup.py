from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pytest

from tests.stage.fan import fan_table, fan_vectors
from vidcurate.cluster.base import Cluster
from vidcurate.cluster.kmeans import KMeans
from vidcurate.cluster.single import Single
from vidcurate.dedup.base import Dedup
from vidcurate.dedup.leader import Leader
from vidcurate.dedup.none import KeepAll
from vidcurate.dedup.semdedup import SemDeDup
from vidcurate.embedder.histogram import Histogram
from vidcurate.errors import MissingInput, ShapeError
from vidcurate.neighbours.clustered import Clustered
from vidcurate.recipe import Recipe
from vidcurate.records import Columns
from vidcurate.stage.decide import Decisions, stored_decisions
from vidcurate.stage.dedup import dedup, dedup_clips
from vidcurate.stage.dropped import with_vectors
from vidcurate.stage.settle import read_tables
from vidcurate.store.files import Store
from vidcurate.summary import summarise
from vidcurate.table import CLIPS, table, vectors_table


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


def run(store: Store, rule: Dedup, cluster: Cluster | None = None) -> Decisions:
    return dedup(store, fan_vectors(store), cluster or Single(), Clustered(), rule, 0, "cpu")


def steps(caplog) -> list[str]:
    """What was made, and not merely found up to date."""
    made = [message.split(":")[0] for message in caplog.messages if "up to date" not in message]
    caplog.clear()
    return [step for step in made if step in {"clusters", "neighbours", "decisions"}]


def test_each_setting_redoes_only_what_depends_on_it(store, caplog):
    caplog.set_level("INFO")
    made = {}
    for name, rule, cluster in (
        ("first", SemDeDup(), Single()),
        ("again", SemDeDup(), Single()),
        ("eps", SemDeDup(eps=0.2), Single()),
        ("keep", SemDeDup(eps=0.2, keep="easy"), Single()),
        ("cluster", SemDeDup(eps=0.2, keep="easy"), KMeans(k=2)),
        ("none", KeepAll(), KMeans(k=2)),
    ):
        run(store, rule, cluster)
        made[name] = steps(caplog)

    assert made == {
        "first": ["clusters", "neighbours", "decisions"],
        "again": [],
        "eps": ["decisions"],
        "keep": ["neighbours", "decisions"],
        "cluster": ["clusters", "neighbours", "decisions"],
        "none": ["decisions"],
    }


def test_other_vectors_redo_everything(store, caplog):
    caplog.set_level("INFO")
    run(store, SemDeDup())
    steps(caplog)
    vectors = fan_vectors(store)
    fewer = type(vectors)(ids=vectors.ids[:3], matrix=vectors.matrix[:3], digest="other")

    decisions = dedup(store, fewer, Single(), Clustered(), SemDeDup(), 0, "cpu")

    assert steps(caplog) == ["clusters", "neighbours", "decisions"]
    assert decisions.total == 3


def test_two_runs_write_the_same_bytes(tmp_path):
    hashes = []
    for name in ("one", "two"):
        run(Store(str(tmp_path / name)), SemDeDup(), KMeans(k=2))
        files = sorted(path for path in (tmp_path / name / "semantic").rglob("*") if path.is_file())
        hashes.append({path.relative_to(tmp_path / name): hashlib.sha256(path.read_bytes()).digest() for path in files})

    assert hashes[0] == hashes[1]
    assert len(hashes[0]) >= 12


def test_a_dataset_need_not_lie_on_a_local_disk():
    store = Store("memory://dataset")
    store.remove("semantic")

    decisions = run(store, SemDeDup())

    assert decisions.removed == 2
    assert store.exists("semantic/epsilon_table.csv")


def test_only_clips_that_the_filters_kept_are_compared(store):
    store.write_table("histogram_embd_parquet/x.parquet", fan_table())
    clips = [{"clip_id": name, "kept": name != "a", "duration": 1.0, "num_bytes": 1} for name in "abcde"]
    store.write_table("tables/clips/part-0.parquet", table(CLIPS, clips))
    recipe = Recipe(embedder=Histogram(), cluster=Single())

    decisions = dedup_clips(store, read_tables(store), recipe, None, 0)

    assert decisions.table["id"].to_pylist() == list("bcde")
    assert decisions.removed == 1  # b and c remain a pair


def test_foreign_embeddings_need_no_split(store, tmp_path):
    store.write_table("elsewhere/x.parquet", fan_table())

    decisions = dedup_clips(store, read_tables(store), Recipe(cluster=Single()), str(tmp_path / "else*" / "*"), 0)

    assert (decisions.total, decisions.removed) == (5, 1)  # b is 5 degrees from a; c is from b, but 10 from a


def test_without_embeddings_the_message_says_what_to_run(store):
    with pytest.raises(MissingInput, match=r"\+experiment=split"):
        dedup_clips(store, read_tables(store), Recipe(), None, 0)


def test_rows_that_cannot_be_used_are_left_out_recorded_and_counted(store, tmp_path):
    table_ = pa.concat_tables([fan_table(), vectors_table(["z"], np.zeros((1, 2), np.float32))])
    store.write_table("elsewhere/x.parquet", table_)
    recipe, place = Recipe(cluster=Single()), str(tmp_path / "elsewhere")

    with pytest.raises(ShapeError, match="1 of 6 vectors are zero: 'z'"):
        dedup_clips(store, read_tables(store), recipe, place, 0)
    decisions = dedup_clips(store, read_tables(store), recipe, place, 0, on_bad="drop")

    assert decisions.total == 5
    assert store.read_table("semantic/dropped/part-0.parquet").to_pylist() == [
        {"id": "z", "file": f"{place}/x.parquet", "reason": "zero"}
    ]
    assert summarise(store, read_tables(store), recipe)["left_out"] == {"zero": 1}


def test_the_record_of_what_was_left_out_goes_when_nothing_is(store):
    table_ = pa.concat_tables([fan_table(), vectors_table(["z"], np.zeros((1, 2), np.float32))])
    store.write_table("bad/x.parquet", table_)
    store.write_table("good/x.parquet", fan_table())
    recipe = Recipe(cluster=Single())
    for place in ("bad", "good"):
        dedup_clips(store, read_tables(store), recipe, store.path(place), 0, on_bad="drop")

    assert not store.exists("semantic/dropped")
    assert summarise(store, read_tables(store), recipe)["left_out"] is None


def test_clips_whose_vectors_were_left_out_are_not_packed(store):
    table_ = pa.concat_tables([fan_table(), vectors_table(["z"], np.zeros((1, 2), np.float32))])
    store.write_table("histogram_embd_parquet/x.parquet", table_)
    clips = table(CLIPS, [{"clip_id": name, "kept": True, "duration": 1.0, "num_bytes": 1} for name in "abcdez"])
    store.write_table("tables/clips/part-0.parquet", clips)
    recipe = Recipe(embedder=Histogram(), cluster=Single())

    decisions = dedup_clips(store, read_tables(store), recipe, None, 0, on_bad="drop")

    assert with_vectors(store, clips, decisions.table)["clip_id"].to_pylist() == list("abcde")


def test_columns_of_foreign_embeddings_can_be_named(store, tmp_path):
    store.write_table("elsewhere/x.parquet", fan_table().rename_columns(["mine", "x"]))
    place, columns = str(tmp_path / "elsewhere"), Columns(id="mine")

    decisions = dedup_clips(store, read_tables(store), Recipe(cluster=Single()), place, 0, columns=columns)

    assert decisions.total == 5


def test_what_an_earlier_dataset_holds_is_dropped_until_nothing_is_held_against_it(store, tmp_path_factory):
    mine, theirs = (str(tmp_path_factory.mktemp(name)) for name in ("mine", "theirs"))
    Store(mine).write_table("x.parquet", fan_table())
    Store(theirs).write_table("x.parquet", vectors_table(["old"], np.array([[0, 2]], np.float32)))

    def reasons(*against: str) -> dict[str, str]:
        decided = dedup_clips(store, read_tables(store), Recipe(cluster=Single()), mine, 0, against=against).table
        return {row["id"]: row["reason"] for row in decided.to_pylist() if not row["kept"]}

    assert reasons(theirs) == {"b": "semantic_duplicate", "e": "known"}
    assert stored_decisions(store, Leader(eps=0.001)).table["reason"].to_pylist() == ["", "", "", "", "known"]
    assert reasons() == {"b": "semantic_duplicate"}
    assert stored_decisions(store, Leader(eps=0.002)).removed == 0
