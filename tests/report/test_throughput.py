from __future__ import annotations

import json

import numpy as np
import pytest

from tests.report.explored import events
from vidcurate.report.course import BINS, course
from vidcurate.report.section import throughput
from vidcurate.report.section.throughput import newest
from vidcurate.store.files import Store


def test_videos_a_minute_and_busy_workers_are_those_of_the_journal():
    # By hand: one worker ends a video every 20 s, the other one spends the first minute on one.
    found = course(events())

    half = BINS // 2
    assert found.videos[:half] == pytest.approx(np.full(half, 3 + 1))
    assert found.videos[half:] == pytest.approx(np.full(half, 3))
    assert found.busy[:half] == pytest.approx(np.full(half, 2))
    assert found.busy[half:] == pytest.approx(np.full(half, 1))


def test_the_curves_are_told_in_words(opened, explored):
    page = opened(explored)

    labels = [one.get_attribute("aria-label") for one in page.locator("#throughput svg").all()]
    assert labels == [
        "Videos per minute over the run: 3.5 on average, 4 at most",
        "Workers at work over the run: 1.5 on average, 2 at most",
    ]
    said = page.inner_text("#throughput")
    assert "runtime=processes, 2 workers: 7 items in 2 min 00 s." in said
    assert page.locator("#throughput a").get_attribute("href") == "logs/timeline.html"


def test_runs_that_did_nothing_are_passed_over_and_large_journals_left_alone(tmp_path, monkeypatch):
    store = Store(str(tmp_path))
    store.write("logs/20260101T000000Z-aaaaaaaa.jsonl", "\n".join(map(json.dumps, events())).encode())
    idle = {"event": "run", "time": 1.0, "run": "b", "host": "h", "runtime": "local"}
    store.write("logs/20260102T000000Z-bbbbbbbb.jsonl", json.dumps(idle).encode())

    assert newest(store).tally.run["run"] == "1a2b3c4d"
    monkeypatch.setattr(throughput, "LARGEST", 100)
    assert newest(store) is None
