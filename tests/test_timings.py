from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from tests.media import write_video
from tests.test_pipeline import FAST
from vidcurate import curate, timings
from vidcurate.events import listening
from vidcurate.source.folder import Folder
from vidcurate.timings import collected, each, timed


@pytest.fixture
def spend(monkeypatch):
    """`spend(2)` moves the clock on by two seconds."""
    now = [0.0]
    monkeypatch.setattr(timings, "_clock", lambda: now[0])

    def spend(seconds: float) -> None:
        now[0] += seconds

    return spend


def test_a_stage_within_a_stage_counts_as_its_own(spend):
    with collected() as sums:
        with timed("shots"):
            spend(2)
            with timed("decode"):
                spend(5)
            spend(1)
        spend(10)

    assert sums == {"shots": 3, "decode": 5}


def test_what_is_done_with_an_item_is_not_counted_as_waiting_for_it(spend):
    def made():
        for number in range(2):
            spend(2)
            yield number

    with collected() as sums:
        for _ in each("decode", made()):
            with timed("encode"):
                spend(4)

    assert sums == {"decode": 4, "encode": 8}


def test_a_stage_that_fails_is_counted_and_the_next_one_is_itself_again(spend):
    with collected() as sums:
        with suppress(OSError), timed("write"):
            spend(1)
            raise OSError("disk")
        with timed("probe"):
            spend(2)

    assert sums == {"write": 1, "probe": 2}


def test_threads_are_counted_apart_and_nothing_is_where_nobody_asks():
    with collected() as sums:
        other = threading.Thread(target=lambda: timed("decode").__enter__())
        other.start()
        other.join()
    with timed("encode"):
        pass

    assert sums == {}


def test_stages_cover_the_seconds_of_a_video(tmp_path):
    (tmp_path / "in").mkdir()
    write_video(tmp_path / "in" / "a.mp4", (30, 30), audio=True)
    seen = []

    with listening(seen.append):
        curate(FAST, source=Folder(path=str(tmp_path / "in")), out=str(tmp_path / "out"), steps=["split"])

    (item,) = (event for event in seen if event["event"] == "item")
    assert 0.9 * item["seconds"] < sum(item["stages"].values()) <= item["seconds"]
    assert {"probe", "decode", "shots", "encode", "sample", "prove", "embed", "hash", "write"} <= set(item["stages"])
