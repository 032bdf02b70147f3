from __future__ import annotations

import csv
import sys

import pytest

from tests.stage.fan import fan_pairs
from vidcurate.dedup.semdedup import SemDeDup
from vidcurate.stage.decide import decide
from vidcurate.stage.epsilon import compare_epsilons
from vidcurate.stage.neighbours import Compared
from vidcurate.store.files import Store
from vidcurate.table import CLIPS, VIDEOS, table


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
    """Clips of 36 s and 1000 bytes each; a, b and c of one video that has a path, the others of one that has none."""
    video = {name: "v1" if name in "abc" else "v2" for name in names}
    rows = [{"clip_id": name, "video_id": video[name], "duration": 36.0, "num_bytes": 1000} for name in names]
    store.write_table("tables/videos/part-0.parquet", table(VIDEOS, [{"video_id": "v1", "uri": "one, two.mp4"}]))
    store.write_table("tables/clips/part-0.parquet", table(CLIPS, rows))


def columns(store: Store, *names: str) -> list[list[str]]:
    """Some columns of the table, row by row."""
    rows = csv.DictReader(table_lines(store))
    return [[row[name] for name in names] for row in rows]


def test_every_epsilon_has_a_row_in_order(store):
    sweep(store, 0.2, 0.01, 1e-05)

    assert columns(store, "eps", "kept", "removed", "total", "kept_share") == [
        ["1e-05", "5", "0", "5", "1.0"],
        ["0.01", "3", "2", "5", "0.6"],
        ["0.2", "2", "3", "5", "0.4"],
    ]


def test_groups_are_counted_where_someone_was_dropped(store):
    sweep(store, 0.2, 0.01, 1e-05)

    assert columns(store, "groups", "largest_group", "mean_group") == [
        ["0", "0", ""],
        ["1", "3", "3.0"],  # a, b, c
        ["1", "4", "4.0"],  # and d
    ]


def test_markdown_is_to_be_read(store):
    sweep(store, 0.01)

    assert store.read("semantic/epsilon_table.md").decode().splitlines()[:3] == [
        "|  eps | clips kept | groups | largest | mean | pair recall | item recall | orphans of SemDeDup |",
        "| ---: | ---------: | -----: | ------: | ---: | ----------: | ----------: | ------------------: |",
        "| 0.01 |  3 (60.0%) |      1 |       3 |  3.0 |             |             |              1 of 2 |",
    ]


def test_hours_and_bytes_are_added_where_the_clips_are_known(store):
    write_clips(store, "abcdef")

    sweep(store, 0.01)

    assert columns(store, "kept_hours", "hours_share", "kept_bytes", "bytes_share") == [["0.03", "0.6", "3000", "0.6"]]


def test_clips_of_another_dataset_add_nothing(store):
    write_clips(store, "abcd")

    sweep(store, 0.01)

    assert "hours" not in table_lines(store)[0]
    assert not store.exists("semantic/epsilon_sources.csv")


def test_every_source_has_a_row_per_epsilon(store):
    write_clips(store, "abcde")

    sweep(store, 0.01, 0.2)

    assert store.read("semantic/epsilon_sources.csv").decode().splitlines() == [
        "eps,source,clips,kept,hours,kept_hours,kept_share",
        '0.01,"one, two.mp4",3,1,0.03,0.01,0.3333333333333333',
        '0.01,"v2",2,2,0.02,0.02,1',
        '0.2,"one, two.mp4",3,1,0.03,0.01,0.3333333333333333',
        '0.2,"v2",2,1,0.02,0.01,0.5',
    ]
    assert store.read("semantic/epsilon_table.md").decode().splitlines()[-4:] == [
        "| source       | clips | eps 0.01 | eps 0.2 |",
        "| :----------- | ----: | -------: | ------: |",
        "| one, two.mp4 |     3 |    33.3% |   33.3% |",
        "| v2           |     2 |   100.0% |   50.0% |",
    ]


def test_the_epsilons_of_one_call_are_remembered_and_only_its_own_is_stored(store):
    pairs = fan_pairs(store, SemDeDup())
    decide(store, pairs, SemDeDup(eps=0.01))

    compare_epsilons(store, pairs, SemDeDup(eps=0.01, sweep=(0.2, 0.001)))
    compare_epsilons(store, pairs, SemDeDup(eps=0.01))

    assert columns(store, "eps", "kept") == [["0.001", "5"], ["0.01", "3"], ["0.2", "2"]]
    assert store.keys("semantic/decisions") == ["semantic/decisions/eps=0.01/part-0.parquet"]


def test_what_semdedup_would_have_orphaned_is_said(store, caplog):
    with caplog.at_level("DEBUG", logger="vidcurate"):
        sweep(store, 0.01)

    assert columns(store, "semdedup_removed", "semdedup_orphans") == [["2", "1"]]  # c, as only b is near, which a drops
    assert "orphans: SemDeDup would have orphaned 1 of the 2 it drops at eps=0.01" in caplog.messages


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

    with caplog.at_level("DEBUG", logger="vidcurate"):
        sweep(store, 0.01)

    assert len(table_lines(store)) == 2
    assert not store.exists("semantic/epsilon_curve.png")
    assert "matplotlib is not installed" in caplog.text
