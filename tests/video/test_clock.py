from __future__ import annotations

from fractions import Fraction

from vidcurate.video.clock import Clock

MS = Fraction(1, 1000)


def place(clock: Clock, *reports: tuple[int | None, int | None]) -> list[int]:
    return [clock.place(pts, dts, 40) for pts, dts in reports]


def test_rising_timestamps_are_kept_as_they_are():
    clock = Clock(MS, 25.0)

    assert place(clock, (7, 7), (40, 40), (41, 41), (5000, 5000)) == [7, 40, 41, 5000]
    assert clock.repaired == 0


def test_a_missing_timestamp_follows_after_the_usual_step():
    clock = Clock(MS, 25.0)

    assert place(clock, (0, None), (33, None), (None, None), (99, None)) == [0, 33, 66, 99]
    assert clock.repaired == 1


def test_the_first_missing_timestamp_is_zero_and_the_rate_gives_the_step():
    assert place(Clock(MS, 25.0), (None, None), (None, None)) == [0, 40]


def test_a_timestamp_that_repeats_is_moved_to_just_after_its_predecessor():
    clock = Clock(MS, 25.0)

    assert place(clock, (0, None), (40, None), (40, None), (80, None)) == [0, 40, 41, 80]
    assert clock.repaired == 1


def test_a_clock_that_starts_again_goes_on_from_where_the_first_recording_ended():
    clock = Clock(MS, 25.0)

    assert place(clock, (5000, None), (5040, None), (0, None), (40, None)) == [5000, 5040, 5080, 5120]
    assert clock.repaired == 1


def test_decoding_timestamps_stand_in_where_presentation_timestamps_step_back():
    # H.264 with B-frames in AVI, as FFmpeg reports it: the container stores no presentation timestamps.
    clock = Clock(Fraction(1, 25), 25.0)

    assert place(clock, (1, 2), (3, 3), (4, 4), (2, 5), (6, 6), (7, 7), (5, 8)) == [1, 3, 4, 5, 6, 7, 8]


def test_the_last_frame_ends_after_its_duration():
    clock = Clock(MS, 25.0)
    clock.place(0, 0, 40)
    clock.place(40, 40, 500)

    assert clock.end == 540


def test_a_duration_of_one_tick_among_frames_far_apart_is_replaced_by_their_distance():
    # FLV gives every frame a duration of 1 ms.
    clock = Clock(MS, 25.0)
    clock.place(0, 0, 1)
    clock.place(33, 33, 1)

    assert clock.end == 66
