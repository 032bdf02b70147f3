from __future__ import annotations

import logging
import re
import threading

import pytest

from vidcurate import progress as module
from vidcurate.events import emit
from vidcurate.progress import progress


def told(count: int):
    """Items with word of how many are under way."""
    for number in range(count):
        emit("queue", todo=count - number, under_way=2, done=number)
        yield number


class Heard(logging.Handler):
    """Says when something has been logged."""

    def __init__(self) -> None:
        super().__init__()
        self.event = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.event.set()


@pytest.fixture
def heard():
    handler = Heard()
    logging.getLogger().addHandler(handler)
    yield handler.event
    logging.getLogger().removeHandler(handler)


def test_a_log_says_how_far_and_how_fast_also_while_nothing_passes(caplog, monkeypatch, heard):
    monkeypatch.setattr(module, "EVERY", 0.01)

    with caplog.at_level("INFO"):
        for number in progress(told(2), 2, "split: videos"):
            heard.clear()
            assert heard.wait(60), f"nothing was said at item {number}"

    said = [record.message for record in caplog.records]
    assert re.fullmatch(r"split: videos: 0 of 2, 0/min, 2 under way", said[0])
    assert any(re.fullmatch(r"split: videos: 1 of 2, \S+/\w+, 2 under way, [\d:]+ left", line) for line in said)


def test_a_short_loop_says_nothing(caplog):
    with caplog.at_level("INFO"):
        list(progress(told(2), 2, "split: videos"))

    assert caplog.records == []


def test_a_terminal_shows_a_bar_and_what_becomes_of_videos(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "160")

    for _ in progress(told(3), 3, "split: videos", {"kept": 1}):
        emit("video", status="processed", duration=1.0)

    shown = capsys.readouterr().err
    assert "split: videos" in shown
    assert "3/3" in shown
    assert "2 under way" in shown
    assert "  4 kept · " in shown
