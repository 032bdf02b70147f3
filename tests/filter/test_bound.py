from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidcurate.errors import ConfigError
from vidcurate.filter.bound import Drawn, drawn
from vidcurate.filter.letterbox import Letterbox
from vidcurate.filter.motion import Motion
from vidcurate.registry import build, fingerprint


def built(**bounds: object) -> Motion:
    return build("filter", "filter.motion", {"_target_": "vidcurate.filter.motion.Motion", **bounds})


@pytest.mark.parametrize(
    ("given", "held"), [(0, 0.0), (0.25, 0.25), ("0.25", 0.25), ("p20", "p20"), ("p2.5", "p2.5"), ("p020.0", "p20")]
)
def test_a_bound_is_a_number_or_a_percentile(given, held):
    assert built(min=given).min == held


@pytest.mark.parametrize("given", [-0.1, 1.1, float("nan"), True, "p", "p101", "p-1", "20p", "P20", "twenty", [0.1]])
def test_anything_else_is_refused_and_both_forms_are_named(given):
    with pytest.raises(
        ConfigError, match=r"filter\.motion\.min=.*expected a number from 0 to 1, or a percentile of all clips, p0 to"
    ):
        built(min=given)


@pytest.mark.parametrize(("low", "high"), [(0.2, 0.1), ("p80", "p20")])
def test_bounds_that_exclude_each_other_are_refused(low, high):
    with pytest.raises(ConfigError, match=f"max={high} is below min={low}, so every clip would be dropped"):
        built(min=low, max=high)


def test_a_number_and_a_percentile_are_not_compared_before_the_scores_are_known():
    assert built(min=0.2, max="p10").max == "p10"


# Position p/100 (n - 1) among the sorted scores .1, .2, .4, .8: 25 is .75, 50 is 1.5, 90 is 2.7; between them linear.
@pytest.mark.parametrize(
    ("percentile", "value"), [("p0", 0.1), ("p25", 0.175), ("p50", 0.3), ("p90", 0.68), ("p100", 0.8)]
)
def test_a_percentile_is_interpolated_linearly(percentile, value):
    settled, lines = drawn(Motion(min=percentile), {"motion": [0.4, 0.1, 0.8, 0.2]})

    assert settled.min == pytest.approx(value, abs=1e-12)
    assert lines == [Drawn(filter="motion", key="min", given=percentile, value=settled.min)]


def test_the_lowest_fifth_is_dropped():
    scores = [0.01 * number for number in range(1, 11)]

    settled, _ = drawn(Motion(min="p20"), {"motion": scores})

    assert [settled.reason({"motion": score}) for score in scores] == ["too_static"] * 2 + [None] * 8


@given(scores=st.lists(st.floats(0, 1), min_size=1), percentile=st.floats(0, 100))
def test_between_two_equal_percentiles_something_is_kept_and_order_is_no_matter(scores, percentile):
    there, _ = drawn(Motion(min=f"p{percentile:f}"), {"motion": scores})
    back, _ = drawn(Motion(min=f"p{percentile:f}"), {"motion": scores[::-1]})

    assert there == back
    assert any(there.reason({"motion": score}) is None for score in scores)


def test_scores_that_are_all_alike_are_all_kept():
    settled, _ = drawn(Motion(min="p90", max="p90"), {"motion": [0.1] * 7})

    assert settled.reason({"motion": 0.1}) is None


def test_numbers_stay_and_are_said_too():
    settled, lines = drawn(Motion(min=0.001), {"motion": [0.5]})

    assert settled == Motion(min=0.001)
    assert lines == [Drawn(filter="motion", key="min", given="0.001", value=0.001)]


def test_a_percentile_of_no_clips_bounds_nothing():
    settled, lines = drawn(Letterbox(max="p50"), {})

    assert settled == Letterbox()
    assert lines[0].value is None


def test_a_filter_without_bounds_draws_no_line():
    assert drawn(Motion(), {"motion": np.linspace(0, 1, 5).tolist()}) == (Motion(), [])


def test_a_percentile_that_was_not_drawn_is_an_error():
    with pytest.raises(ValueError, match="min=p20 is a percentile of all clips"):
        Motion(min="p20").reason({"motion": 0.5})


def test_percentiles_do_not_change_what_was_scored():
    assert fingerprint(Motion(min="p20")) == fingerprint(Motion())
