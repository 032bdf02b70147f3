"""How a run ends, in words."""

from __future__ import annotations

import pytest

from vidcurate import Recipe
from vidcurate.ending import Row, say
from vidcurate.onward import onward
from vidcurate.sharder.parquet import Parquet
from vidcurate.shell import Command
from vidcurate.summary import sums
from vidcurate.terminal import NOTICE

COMMAND = Command(("vidcurate",), ("+experiment=curate", "source.path=in"))
SUMMARY = {
    "videos": {"in": 1200, "kept": 1190, "filtered": 1, "duplicate": 6, "failed": 3},
    "clips": {"cut": 9000, "kept": 8000},
    "dedup": {"eps": 0.1, "kept": 7000, "removed": 1000, "total": 8000},
    "shards": {"shards": 12, "samples": 7000, "bytes": 10},
    "takedown": None,
}


def test_the_most_frequent_reasons_are_named_and_the_others_summed_up():
    row = Row(stage="filter", unit="clips", came=20, kept=4, dropped={"a": 1, "b": 5, "c": 2, "d": 7, "e": 1})

    assert row.reasons == "7 d, 5 b, 2 c, 2 others"


def test_elsewhere_than_on_a_terminal_a_row_is_a_line_without_what_is_empty(caplog):
    row = Row(
        stage="split", unit="videos", came=1200, kept=1190, dropped={"exact_copy": 7}, failed=3,
        seconds=7200, pace=0.25, realtime=4.5, stored="1,000 of 1,193 videos",
    )  # fmt: skip

    with caplog.at_level("INFO"):
        say(
            [row, Row(stage="filter", unit="clips", came=2, kept=2)], [("next", "vidcurate")], ["done", "o/report.html"]
        )

    assert [record.message for record in caplog.records] == [
        "split: 1,190 of 1,200 videos kept (2:00:00 h), dropped 7 exact_copy, 3 failed, 0.25/s, 4.5x real time, "
        "1,000 of 1,193 videos stored before",
        "filter: 2 of 2 clips kept",
        "next: vidcurate",
        "done · o/report.html",
    ]
    assert caplog.records[-1].levelno == NOTICE


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (("split", "dedup", "shard"), ["1,200 videos of which 3 failed", "7,000 clips in 12 shards"]),
        (("split",), ["1,200 videos of which 3 failed", "8,000 clips"]),
        (("dedup",), ["7,000 of 8,000 clips are unique at eps=0.1"]),
        ((), []),
    ],
)
def test_the_last_line_has_the_sums_of_what_was_done(steps, said):
    assert list(sums(SUMMARY, steps)) == said


@pytest.mark.parametrize(
    ("steps", "recipe", "hints"),
    [
        (
            ("split", "dedup", "shard"),
            Recipe(),
            [
                ("retry", "vidcurate +experiment=curate source.path=in retry=failed"),
                ("load", "from vidcurate.data import VideoData; VideoData('o')"),
            ],
        ),
        (("dedup",), Recipe(), [("next", "vidcurate +experiment=shard out=o dedup.eps=0.1")]),
        (("shard",), Recipe(sharder=Parquet()), [("load", f"o/{Parquet().folder}/README.md says how")]),
        (("verify",), Recipe(), []),
    ],
)
def test_what_can_be_done_now_follows_from_what_was_done(steps, recipe, hints):
    assert list(onward(SUMMARY, steps, recipe, "o", COMMAND)) == hints


def test_who_has_not_come_from_a_shell_is_told_no_commands():
    assert list(onward(SUMMARY, ("split",), Recipe(), "o", None)) == []
