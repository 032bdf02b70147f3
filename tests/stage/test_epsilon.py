from __future__ import annotations

import sys

import pytest

from tests.stage.fan import fan_pairs
from vidcurate.dedup.semdedup import SemDeDup
from vidcurate.stage.decide import decide
from vidcurate.stage.epsilon import compare_epsilons
from vidcurate.stage.neighbours import Compared
from vidcurate.store.files import Store
from vidcurate.table import CLIPS, table


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


def sweep(store: Store, *epsilons: float, keep: str = "hard") -> Compared:
    """Jobs of a sweep, one after the other."""
    pairs = fan_pairs(store, SemDeDup(keep=keep))
    for eps in epsilons:
        rule = SemDeDup(keep=keep, eps=eps)
        decide(store, pairs, rule)
        compare_epsilons(store, pairs, rule)
    return pairs


def table_lines(store: Store) -> list[str]:
    return store.read("semantic/epsilon_table.csv").decode().splitlines()


def write_clips(store: Store, names: str) -> None:
    """Clips of 36 s and 1000 bytes each."""
    rows = [{"clip_id": name, "duration": 36.0, "num_bytes": 1000} for name in names]
    store.write_table("tables/clips/part-0.parquet", table(CLIPS, rows))


def test_every_epsilon_has_a_row_in_order(store):
    sweep(store, 0.2, 0.01, 1e-05)

    assert table_lines(store) == [
        "eps,kept,removed,total,kept_share",
        "1e-05,5,0,5,1.0",
        "0.01,3,2,5,0.6",
        "0.2,2,3,5,0.4",
    ]


def test_markdown_says_the_same(store):
    sweep(store, 0.01)

    assert store.read("semantic/epsilon_table.md").decode() == (
        "| eps | kept | removed | total | kept_share |\n"
        "| ---: | ---: | ---: | ---: | ---: |\n"
        "| 0.01 | 3 | 2 | 5 | 60.00% |\n"
    )


def test_hours_and_bytes_are_added_where_the_clips_are_known(store):
    write_clips(store, "abcdef")

    sweep(store, 0.01)

    assert table_lines(store) == [
        "eps,kept,removed,total,kept_share,kept_hours,kept_bytes",
        "0.01,3,2,5,0.6,0.03,3000",
    ]


def test_clips_of_another_dataset_add_nothing(store):
    write_clips(store, "abcd")

    sweep(store, 0.01)

    assert table_lines(store)[0] == "eps,kept,removed,total,kept_share"


def test_decisions_from_other_neighbours_have_no_row(store):
    sweep(store, 0.01, 0.2)

    sweep(store, 0.05, keep="easy")

    assert [line.split(",")[0] for line in table_lines(store)] == ["eps", "0.05"]


def test_a_job_that_decides_while_another_writes_is_not_lost(tmp_path):
    class Shared(Store):
        """A store on which another job decides as soon as this one writes its table."""

        def write(self, key: str, data: bytes) -> None:
            super().write(key, data)
            if key == "semantic/epsilon_table.csv":
                decide(Store(self.url), pairs, SemDeDup(eps=0.2))

    pairs = sweep(Store(str(tmp_path)), 0.01)
    store = Shared(str(tmp_path))

    compare_epsilons(store, pairs, SemDeDup(eps=0.01))

    assert [line.split(",")[0] for line in table_lines(store)] == ["eps", "0.01", "0.2"]


def test_the_curve_is_a_picture(store):
    pytest.importorskip("matplotlib", reason="needs the extra `report`")

    sweep(store, 0.01, 2.0)

    assert store.read("semantic/epsilon_curve.png")[:8] == b"\x89PNG\r\n\x1a\n"


def test_without_matplotlib_the_tables_are_written_and_no_old_curve_stays(store, monkeypatch, caplog):
    store.write("semantic/epsilon_curve.png", b"old")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with caplog.at_level("INFO"):
        sweep(store, 0.01)

    assert len(table_lines(store)) == 2
    assert not store.exists("semantic/epsilon_curve.png")
    assert "matplotlib is not installed" in caplog.text
