from __future__ import annotations

import logging

from vidcurate.stage.verify.check import Check
from vidcurate.stage.verify.report import REMEDIES, tell


def test_away_from_a_terminal_every_check_is_a_line_of_the_log_with_what_to_do(caplog):
    checks = [
        Check(name="tables/rows", checked=12, note="no captions"),
        Check(name="shards/index", checked=3, faults=1, examples=("a.tar: gone",)),
        Check(name="loaders/wids", note="wids is not installed"),
        Check(name="shards", note="none are there"),
    ]

    with caplog.at_level(logging.INFO):
        tell(checks)

    assert caplog.messages == [
        "ok      tables/rows: 12 looked at; no captions",
        f"trouble shards/index: 1 of 3 wrong -> {REMEDIES['shards/index']}",
        "note    shards/all: none are there",
        "note    loaders/wids: wids is not installed",
        "1 ok, 2 to note, 1 in trouble",
    ]
