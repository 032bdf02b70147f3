from __future__ import annotations

import pytest

from vidcurate.records import Shot
from vidcurate.stage.tune_shots.score import Match, Score, Transition, false_alarms, hits, lots, scores, transitions


def spread(*spans: tuple[int, int]) -> list[Transition]:
    return [Transition(*span) for span in spans]


def test_a_transition_is_what_lies_between_two_shots():
    # A hard cut before frame 30, then eight frames that belong to no shot.
    found = transitions([Shot(0, 30), Shot(30, 60), Shot(68, 100)])

    assert found == (Transition(29, 30), Transition(59, 68))


@pytest.mark.parametrize(
    ("alarm", "hit"),
    [
        ((29, 30), True),
        ((31, 32), True),
        ((32, 33), True),  # 2 frames late
        ((33, 34), False),
        ((26, 27), True),  # 2 frames early
        ((25, 26), False),
        ((20, 60), True),
    ],
)
def test_an_alarm_hits_within_two_frames(alarm, hit):
    assert bool(hits(spread((29, 30)), spread(alarm))) is hit


def test_an_alarm_within_a_long_transition_hits():
    assert hits(spread((100, 140)), spread((119, 120))) == spread((100, 140))


def test_a_truth_takes_one_alarm_and_an_alarm_one_truth():
    assert hits(spread((10, 30)), spread((12, 13), (20, 21))) == spread((10, 30))
    assert hits(spread((10, 11), (14, 15)), spread((11, 14))) == spread((10, 11))


def test_neighbours_are_matched_so_that_most_are_hit():
    # The first alarm fits both truths, the second only the latter.
    assert hits(spread((10, 11), (14, 15)), spread((12, 13), (17, 18))) == spread((10, 11), (14, 15))


def test_every_kind_is_charged_with_all_false_alarms():
    truths = (Transition(9, 10, "cut"), Transition(49, 50, "cut"), Transition(70, 80, "fade"))
    found = tuple(spread((9, 10), (30, 31), (72, 73), (90, 91)))

    by_kind = scores([Match(truths, found)])

    assert by_kind == {"cut": Score(2, 1, 2), "fade": Score(1, 1, 2), "all": Score(3, 2, 2)}


def test_precision_recall_and_f1_are_as_usual():
    score = Score(true=4, hits=3, false=1)

    assert (score.precision, score.recall, score.f1) == (0.75, 0.75, 0.75)


def test_nothing_found_scores_nothing_and_does_not_divide_by_zero():
    score = Score(true=4, hits=0, false=0)

    assert (score.precision, score.recall, score.f1) == (0.0, 0.0, 0.0)


def test_stretches_around_transitions_add_up_to_the_whole():
    match = Match(tuple(spread((9, 10), (49, 50), (89, 90))), tuple(spread((9, 10), (20, 21), (40, 41), (60, 61))))

    parts = lots(match)

    # Half-way lie frames 29 and 69: the alarm at 20 falls to the first, those at 40 and 60 to the second.
    assert parts == [Score(1, 1, 1), Score(1, 0, 2), Score(1, 0, 0)]
    whole = scores([match])["all"]
    assert (sum(part.hits for part in parts), sum(part.false for part in parts)) == (whole.hits, whole.false)
    assert false_alarms(match.truths, match.found) == spread((20, 21), (40, 41), (60, 61))


def test_a_video_without_transitions_is_one_stretch():
    assert lots(Match((), tuple(spread((3, 4))))) == [Score(0, 0, 1)]
