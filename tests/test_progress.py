from __future__ import annotations

import re

from vidcurate import progress as module
from vidcurate.events import emit
from vidcurate.progress import progress


def told(count: int):
    """Items with word of how many are under way."""
    for number in range(count):
        emit("queue", todo=count - number, under_way=2, done=number)
        yield number


def test_a_log_says_how_far_and_how_fast(caplog, monkeypatch):
    monkeypatch.setattr(module, "EVERY", -1.0)

    with caplog.at_level("INFO"):
        passed = list(progress(told(2), 2, "split: videos"))

    assert passed == [0, 1]
    first, last = (record.message for record in caplog.records)
    assert re.fullmatch(r"split: videos: 1 of 2, [\d.e+]+ a minute, 2 under way", first)
    assert last.startswith("split: videos: 2 of 2, ")


def test_a_terminal_shows_a_bar(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "160")

    passed = list(progress(told(3), 3, "split: videos"))

    assert passed == [0, 1, 2]
    shown = capsys.readouterr().err
    assert "split: videos" in shown
    assert "3/3" in shown
    assert "2 under way" in shown
