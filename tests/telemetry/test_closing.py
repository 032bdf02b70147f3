"""Sums, rates and what is said of them at the end."""

from __future__ import annotations

import pytest

from vidcurate.events import Event
from vidcurate.telemetry.closing import tell
from vidcurate.telemetry.rates import rates
from vidcurate.telemetry.tally import Tally


def item(worker: str, seconds: float, *, gpu: str | None = None, **stages: float) -> Event:
    return {"event": "item", "worker": worker, "seconds": seconds, "cpu_seconds": 1, "stages": stages, "gpu": gpu}


def heard(*events: Event) -> Tally:
    """A split of 100 seconds, then whatever came in it."""
    tally = Tally()
    story = [{"event": "step", "step": "split", "state": "begun"}, *events]
    story.append({"event": "step", "step": "split", "state": "ended", "seconds": 100.0})
    for event in story:
        tally.hear({"time": 1000.0, **event})
    tally.hear({"time": 1200.0, "event": "end", "how": "done"})
    return tally


def video(seconds: float, status: str = "processed") -> Event:
    return {"event": "video", "status": status, "reason": "x", "duration": seconds, "bytes": 10, "clips": 3}


def test_rates_are_those_that_others_publish():
    # By hand: an hour of video in 100 s of run and 150 s of workers on two GPUs; a day has 86,400 s.
    tally = heard(item("a:1", 100, gpu="one"), item("a:2", 50, gpu="two"), video(3600))

    found = rates(tally)

    assert found is not None
    assert found.realtime == 36
    assert found.per_day == pytest.approx(864)
    assert found.per_worker == pytest.approx(576)
    assert found.per_gpu == pytest.approx(432)


def test_without_videos_there_is_no_rate_and_without_gpus_none_of_them():
    assert rates(heard(item("a:1", 100))) is None
    found = rates(heard(item("a:1", 100), video(10)))
    assert found is not None
    assert found.per_gpu is None


def test_a_log_says_where_the_time_went(caplog):
    tally = heard(
        item("a:1", 60, decode=40.0, encode=15.0), item("a:2", 20, decode=20.0), video(500), video(0, "failed")
    )

    with caplog.at_level("DEBUG"):
        tell(tally)

    assert [record.message for record in caplog.records] == [
        "steps: split 100.0 s 50% 2 items",
        "split, by stage: decode 60.0 s 75%, encode 15.0 s 19%, other 5.0 s 6%",
        "split, by worker (share: busy): a:1 60.0 s 60% 1 items, a:2 20.0 s 20% 1 items",
        "2 videos of 0.139 h, 1 failed · 5x real time · 120 video-hours/day · 150 per busy worker",
    ]


def test_a_terminal_shows_a_table_and_many_workers_are_summed_up(monkeypatch, capsys, caplog):
    tally = heard(*(item(f"host:{number:03d}", 10, decode=10.0) for number in range(30)), video(500))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)

    with caplog.at_level("DEBUG"):
        tell(tally)

    shown = capsys.readouterr().err
    assert "where the time went" in shown
    assert "host:007" in shown
    assert "host:008" not in shown
    assert "22 others" in shown
    assert "video-hours/day" in shown


def test_a_run_whose_workers_did_nothing_says_nothing(caplog):
    with caplog.at_level("DEBUG"):
        tell(heard())

    assert caplog.records == []


def test_nobody_who_has_not_asked_is_told(caplog):
    with caplog.at_level("INFO"):
        tell(heard(item("a:1", 60, decode=40.0)))

    assert caplog.records == []


def test_what_was_stored_before_is_counted_for_the_step_that_goes_on():
    tally = heard(
        {"event": "stored", "step": "split", "stored": 3, "count": 5, "unit": "videos"},
        {"event": "stored", "step": "dedup", "stored": 1, "count": 1, "unit": "tables"},
    )

    assert tally.steps["split"].known == "3 of 5 videos"
    assert [*tally.steps] == ["split"]
