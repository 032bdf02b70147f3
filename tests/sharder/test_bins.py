from __future__ import annotations

import pytest

from vidcurate.sharder.bins import bins_of, folder_of

# Examples of the reference's shard, except those marked ours.
EXAMPLES = [
    ((1920, 1080, 8), "resolution_1080/aspect_ratio_16_9/duration_5_10"),
    ((1920, 1080, 50), "resolution_1080/aspect_ratio_16_9/duration_30_inf"),
    ((640, 480, 15), "resolution_lt_720/aspect_ratio_4_3/duration_10_30"),
    ((1600, 900, 7), "resolution_720/aspect_ratio_16_9/duration_5_10"),
    ((1600, 900, 20), "resolution_720/aspect_ratio_16_9/duration_10_30"),
    ((1600, 900, 100), "resolution_720/aspect_ratio_16_9/duration_30_inf"),
    ((10000, 100, 7), "resolution_lt_720/aspect_ratio_other/duration_5_10"),  # ours: the reference drops it
    ((1080, 1920, 3), "resolution_1080/aspect_ratio_9_16/duration_0_5"),  # ours: the reference drops it
]


@pytest.mark.parametrize(("clip", "folder"), EXAMPLES)
def test_a_clip_goes_where_the_reference_puts_it_or_to_a_bin_of_its_own(clip, folder):
    assert folder_of(bins_of(*clip)) == folder


@pytest.mark.parametrize(
    ("width", "aspect"),
    [(65, "9_16"), (66, "3_4"), (88, "3_4"), (89, "1_1"), (116, "1_1"), (117, "4_3"), (155, "4_3"), (156, "16_9")],
)
def test_a_border_of_the_aspect_belongs_to_the_bin_below(width, aspect):
    assert bins_of(width, 100, 6)["aspect"] == aspect


@pytest.mark.parametrize(("height", "resolution"), [(719, "lt_720"), (720, "720"), (1079, "720"), (1080, "1080")])
def test_a_border_of_the_resolution_belongs_to_the_bin_above(height, resolution):
    assert bins_of(4096, height, 6)["resolution"] == resolution


@pytest.mark.parametrize(
    ("seconds", "duration"),
    [(0.04, "0_5"), (4.99, "0_5"), (5, "5_10"), (10, "5_10"), (10.01, "10_30"), (30, "10_30"), (30.01, "30_inf")],
)
def test_durations_of_five_ten_and_thirty_seconds_belong_to_the_bin_that_they_close(seconds, duration):
    assert bins_of(640, 480, seconds)["duration"] == duration


def test_folders_are_nested_in_one_order_and_only_for_what_is_asked():
    bins = bins_of(1920, 1080, 8)

    assert folder_of(bins, ("duration", "resolution")) == "resolution_1080/duration_5_10"
    assert folder_of(bins, ()) == ""
