from __future__ import annotations

import pickle

import pytest
from hydra import compose, initialize_config_dir

from vidcurate.config import job
from vidcurate.errors import ConfigError
from vidcurate.groups import conf_dir
from vidcurate.registry import build, described
from vidcurate.sharder.bins import bins_of, folder_of
from vidcurate.sharder.webdataset import WebDataset

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


def test_edges_can_be_chosen():
    sharder = WebDataset(resolutions=[360], aspects={"tall": 0.9, "wide": 3}, durations=[2, 60])

    clips = [(640, 359, 1.9), (640, 360, 2), (300, 400, 60), (400, 100, 61)]

    assert [tuple(sharder.bins_of(*clip).values()) for clip in clips] == [
        ("lt_360", "wide", "0_2"),
        ("360", "wide", "2_60"),
        ("lt_360", "tall", "2_60"),
        ("lt_360", "other", "60_inf"),
    ]


def test_borders_of_aspects_are_a_value_like_any_other_setting():
    sharder = WebDataset(aspects={"tall": 0.9, "wide": 3})

    assert sharder == WebDataset(aspects=[["tall", 0.9], ["wide", 3.0]]) == pickle.loads(pickle.dumps(sharder))
    assert hash(sharder) != hash(WebDataset())
    assert build("sharder", "sharder", described(sharder)) == sharder


def test_borders_of_aspects_are_replaced_on_a_command_line_by_pairs():
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir())):
        config = compose("config", overrides=["out=x", "steps=[shard]", "+sharder.aspects=[[tall,0.9],[wide,3]]"])

    assert job(config).recipe.sharder == WebDataset(aspects={"tall": 0.9, "wide": 3})


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("resolutions", [1080, 720], r"sharder.resolutions=\[1080, 720\]: .*edges must rise, got \[1080, 720\]"),
        ("resolutions", [], "sharder.resolutions"),
        ("durations", [0, 5], r"sharder.durations.0=0: input should be greater than or equal to 1"),
        ("durations", [2.5], "sharder.durations.0=2.5: .*valid integer"),  # a dot in a folder's name
        ("aspects", {"wide": 2, "tall": 1}, r"must rise, got \[2\.0, 1\.0\]"),
        ("aspects", {"16:9/x": 2}, "neither dots nor slashes, got .'16:9/x'"),
        ("aspects", {"1.85": 2}, "neither dots nor slashes"),
        ("aspects", [["a", 1], ["a", 2]], "names must differ"),
        ("aspects", {"other": 2}, "'other' is what lies beyond the last border"),
        ("aspects", {916: 0.65}, r"names are text, got \[916\]; write them in quotes"),
        ("aspects", {"none": 0}, "greater than 0"),
    ],
)
def test_edges_that_make_no_bins_are_refused_with_what_is_wrong(key, value, problem):
    with pytest.raises(ConfigError, match=problem):
        build("sharder", "sharder", {"_target_": "vidcurate.sharder.webdataset.WebDataset", key: value})
