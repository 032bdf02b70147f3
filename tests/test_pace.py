"""How fast it goes now, not on average."""

from __future__ import annotations

from vidcurate.events import emit
from vidcurate.pace import Pace


class Clock:
    """Stands still unless it is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def passing(pace: Pace, clock: Clock, count: int, every: float) -> None:
    for _ in range(count):
        clock.now += every
        pace.step()


def test_a_slow_start_is_forgotten_after_a_minute():
    clock = Clock()
    pace = Pace(1000, clock=clock)

    passing(pace, clock, 10, every=30)
    slow = (pace.facts, pace.left)
    passing(pace, clock, 90, every=1)

    assert slow == (["2/min"], "8:15:00")  # 990 are left, half a minute each
    assert pace.facts == ["60/min"]
    assert pace.left == "0:15:00"


def test_items_that_take_longer_than_the_window_count_all_the_same():
    clock = Clock()
    pace = Pace(20, clock=clock)

    passing(pace, clock, 10, every=600)

    assert pace.facts == ["0.1/min"]
    assert pace.left == "1:40:00"


def test_the_pace_falls_while_nothing_passes():
    clock = Clock()
    pace = Pace(4, clock=clock)

    passing(pace, clock, 2, every=1)
    clock.now += 58

    assert pace.facts == ["2/min"]


def test_fast_items_are_counted_by_the_second():
    clock = Clock()
    pace = Pace(100_000, clock=clock)

    passing(pace, clock, 5000, every=1 / 64)

    assert pace.facts == ["64/s"]


def test_what_became_of_videos_and_how_much_of_them_went_by_is_said():
    clock = Clock()
    pace = Pace(3, {"kept": 4, "duplicate": 1}, clock)

    with pace.listening():
        emit("queue", todo=1, under_way=2, done=0)
        for status in ("processed", "failed"):
            emit("video", status=status, duration=45.0)
            passing(pace, clock, 1, every=10)
    emit("video", status="failed", duration=45.0)

    assert str(pace) == ("2 of 3, 5 kept, 1 duplicate, 1 failed, 6/min, 4.5x real time, 2 under way, 0:00:10 left")


def test_before_anything_has_passed_there_is_no_forecast():
    pace = Pace(3, clock=Clock())

    assert pace.left == ""
    assert str(pace) == "0 of 3, 0/min"
