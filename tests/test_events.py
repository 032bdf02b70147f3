from __future__ import annotations

import pytest

from vidcurate.events import emit, listening, step
from vidcurate.runtime.local import Local


def test_an_event_has_a_name_a_time_and_facts_for_those_who_listen():
    heard = []

    emit("before")
    with listening(heard.append):
        emit("item", seconds=2.0)
    emit("after")

    (event,) = heard
    assert event["event"] == "item"
    assert event["seconds"] == 2.0
    assert event["time"] > 1.7e9


def fail() -> None:
    with step("dedup"):
        raise OSError("disk")


def test_a_step_that_fails_has_ended_too():
    heard = []

    with listening(heard.append), pytest.raises(OSError, match="disk"):
        fail()

    assert [(event["step"], event["state"]) for event in heard] == [("dedup", "begun"), ("dedup", "ended")]
    assert heard[1]["seconds"] >= 0


def test_a_map_tells_how_many_items_wait_are_under_way_and_have_ended():
    heard = []

    with listening(heard.append):
        squares = [*Local().map(lambda number: number**2, [1, 2, 3])]

    assert squares == [1, 4, 9]
    told = [{name: event[name] for name in ("todo", "under_way", "done")} for event in heard if "todo" in event]
    assert told[0] == {"todo": 2, "under_way": 0, "done": 1}
    assert told[-1] == {"todo": 0, "under_way": 0, "done": 3}
    assert [event["video"] for event in heard if event["event"] == "item"] == [None] * 3
