from __future__ import annotations

import pytest

from tests.media import write_video
from vidcurate.splitter.content import Content
from vidcurate.splitter.hash import Hash
from vidcurate.splitter.hist import Hist
from vidcurate.splitter.tape import Tape
from vidcurate.stage.tune_shots.choose import Trial, as_it_is, chosen, doubted, is_better, judged
from vidcurate.stage.tune_shots.grid import changed, default, tuned
from vidcurate.stage.tune_shots.reels import Reel
from vidcurate.stage.tune_shots.score import Score, Transition
from vidcurate.video.lookahead import Lookahead
from vidcurate.video.probe import probe

CUTS = (Transition(29, 30, "cut"), Transition(59, 60, "cut"))
SPLITTERS = (Content(), Hash(), Hist())


@pytest.fixture(scope="module")
def tape(tmp_path_factory) -> Tape:
    path = str(write_video(tmp_path_factory.mktemp("choose") / "video.mp4", shots=(30, 30, 30)))
    return Tape(Lookahead(path, probe(path), max_bytes=0).thumbnails(None), SPLITTERS, "cpu")


def labelled(tape: Tape, truths, flashes=()) -> Trial:
    reel = Reel(name="reel.mp4", truths=tuple(truths), flashes=tuple(flashes), uris=("a",))
    return Trial(reel=reel, tape=tape, doubtful=doubted(reel, tape, SPLITTERS))


def test_a_threshold_that_finds_nothing_is_tuned_until_it_does(tape):
    trial = labelled(tape, CUTS)

    result = judged(Content(threshold=255), [trial], [trial])

    assert result.untuned["all"] == Score(2, 0, 0)
    assert result.held_out["all"] == Score(2, 2, 0)
    assert changed(result.splitter).keys() == {"threshold"}


def test_of_equals_the_value_nearest_to_the_start_is_taken():
    tried: list[float] = []

    def worth(splitter: Content) -> float:
        tried.append(splitter.threshold)
        return 1.0

    assert tuned(Content(), worth) == Content()
    assert tried[:3] == [27.0, 24.0, 30.0]


def test_what_all_see_without_a_label_is_doubted_and_counts_for_nothing(tape):
    known, unknown = CUTS
    trial = labelled(tape, [known])

    result = as_it_is(Content(), [trial], [trial])

    assert {(doubt.first, doubt.last) for doubt in trial.doubtful} == {(unknown.first, unknown.last)}
    assert result.held_out["all"] == Score(1, 1, 0)


def test_flashes_are_not_excused(tape):
    known, flash = CUTS
    trial = labelled(tape, [known], [flash])

    result = as_it_is(Content(), [trial], [trial])

    assert trial.doubtful == ()
    assert result.held_out["all"] == Score(1, 1, 1)
    assert result.flashes == Score(1, 1, 0)


def test_the_best_on_the_reels_for_tuning_is_chosen_and_judged_on_the_others(tape):
    trial = labelled(tape, CUTS)
    good, bad = (as_it_is(splitter, [trial], [trial]) for splitter in (Content(), Content(threshold=255)))

    assert chosen([bad, good]) is good
    assert is_better(good, bad)
    assert not is_better(good, good)


def test_a_splitter_to_be_tried_has_its_own_defaults_and_the_lengths_of_the_config():
    assert default("hist", Content(threshold=9, min_length=1.0, crop=0.5)) == Hist(min_length=1.0, crop=0.5)
