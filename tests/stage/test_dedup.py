from __future__ import annotations

import hashlib

import pytest

from tests.stage.fan import fan_table, fan_vectors
from vidcurate.cluster.base import Cluster
from vidcurate.cluster.kmeans import KMeans
from vidcurate.cluster.single import Single
from vidcurate.dedup.base import Dedup
from vidcurate.dedup.none import KeepAll
from vidcurate.dedup.semdedup import SemDeDup
from vidcurate.neighbours.clustered import Clustered
from vidcurate.stage.decide import Decisions
from vidcurate.stage.dedup import dedup
from vidcurate.store.files import Store


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


def test_clips_are_looked_up_by_the_tables_and_foreign_embeddings_take_their_place(tmp_path):
    recipe_module = pytest.importorskip("vidcurate.recipe", reason="needs every default component")
    from vidcurate.stage.dedup import dedup_clips
    from vidcurate.stage.settle import read_tables

    store = Store(str(tmp_path))
    recipe = recipe_module.Recipe(cluster=Single())
    store.write_table("elsewhere/x.parquet", fan_table())

    decisions = dedup_clips(store, read_tables(store), recipe, str(tmp_path / "elsewhere"), 0)

    assert decisions.removed == 2
