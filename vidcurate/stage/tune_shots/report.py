"""What tune_shots tells: tune_shots.json, tune_shots.md, and an experiment that uses what was chosen."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vidcurate.registry import described
from vidcurate.splitter.base import Splitter
from vidcurate.stage.tune_shots.choose import Result, Trial
from vidcurate.stage.tune_shots.grid import changed
from vidcurate.stage.tune_shots.score import TOLERANCE, Score
from vidcurate.store.files import Store

FOLDER = "tune_shots"
NAME = "tuned_shots"
EXPERIMENT = f"{FOLDER}/conf/experiment/{NAME}.yaml"


def write_results(
    store: Store, results: Sequence[Result], choice: Result, current: Splitter, trials: Sequence[Trial], held_out: int
) -> None:
    """Write all three; the same reels and settings give the same bytes.

    Args:
        store: the dataset.
        results: of every splitter, the one that the config has among them.
        choice: which of them is taken.
        current: the splitter of the config.
        trials: all reels, those that were held out last.
        held_out: how many these are.
    """
    reels = [{**trial.reel.labels(), "doubtful": _places(trial)} for trial in trials]
    store.write_json(
        f"{FOLDER}.json",
        {
            "chosen": described(choice.splitter),
            "current": described(current),
            "splitters": [_facts(result) for result in results],
            "reels": reels,
            "held_out": [entry["file"] for entry in reels[-held_out:]],
            "tolerance_frames": TOLERANCE,
        },
    )
    store.write(f"{FOLDER}.md", "\n".join([*_page(store, results, choice, trials, held_out), ""]).encode())
    store.write(EXPERIMENT, "\n".join([*experiment(choice, results), ""]).encode())


def experiment(choice: Result, results: Sequence[Result]) -> Iterator[str]:
    """Lines of the experiment: `curate` with the splitter that was chosen."""
    rate = choice.interval
    yield "# @package _global_"
    number = len({result.splitter.name for result in results})
    yield f"# Curate with the splitter that +experiment=tune_shots chose of {number}: source.path=DIR out=OUT."
    yield f"# F1 {rate.share:.3f} ({rate.low:.3f} to {rate.high:.3f}) on reels that it was not tuned on."
    yield "defaults:"
    yield "  - curate"
    yield f"  - override /splitter: {choice.splitter.name}"
    if settings := changed(choice.splitter):
        yield ""
        yield "splitter:"
        yield from (f"  {key}: {json.dumps(value)}" for key, value in settings.items())


def command(store: Store) -> str:
    """What uses the experiment, typed as it is."""
    return f"vidcurate --config-dir {store.place(f'{FOLDER}/conf')} +experiment={NAME} source.path=DIR out=OUT"


def table(results: Sequence[Result], choice: Result) -> Iterator[str]:
    """A row for each splitter in Markdown: F1 by kind on the reels that were held out."""
    kinds = sorted({kind for result in results for kind in result.held_out if kind != "all"})
    head = ["splitter", "settings", "F1", "95 %", *kinds, "false", "flashes", "untuned F1"]
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for result in results:
        rate, score = result.interval, result.held_out
        name = f"**{result.splitter.name}**" if result is choice else result.splitter.name
        cells = [
            name,
            _settings(result.splitter),
            f"{score['all'].f1:.3f}",
            f"{rate.low:.3f} to {rate.high:.3f}",
            *(_found(score.get(kind)) for kind in kinds),
            str(score["all"].false),
            f"{result.flashes.hits} of {result.flashes.true}",
            f"{result.untuned['all'].f1:.3f}",
        ]
        yield f"| {' | '.join(cells)} |"


def _page(
    store: Store, results: Sequence[Result], choice: Result, trials: Sequence[Trial], held_out: int
) -> Iterator[str]:
    tuning = trials[:-held_out]
    true = sum(len(trial.reel.truths) for trial in trials[-held_out:])
    yield "# Splitters on reels of your own videos"
    yield ""
    yield (
        f"Thresholds were set on {len(tuning)} reels and judged on {held_out} others with {true} transitions. A "
        f"transition is found by an alarm within {TOLERANCE} frames of it. By kind: F1, charged with all false alarms, "
        "and how many were found. Flashes: how many set off an alarm. Untuned: with the settings that it began with."
    )
    yield ""
    yield from table(results, choice)
    yield ""
    if doubts := sum(len(trial.doubtful) for trial in trials):
        yield (
            f"Places where most splitters see a transition that was not made, most likely a cut of the video itself: "
            f"{doubts}. They count for nothing; see `doubtful` in tune_shots.json."
        )
        yield ""
    yield f"Chosen: splitter={choice.splitter.name}, {_settings(choice.splitter)}. To use it:"
    yield ""
    yield f"    {command(store)}"


def _settings(splitter: Splitter) -> str:
    return ", ".join(f"{key}={json.dumps(value)}" for key, value in changed(splitter).items()) or "its defaults"


def _found(score: Score | None) -> str:
    return "" if score is None else f"{score.f1:.3f} ({score.hits} of {score.true})"


def _places(trial: Trial) -> list[dict[str, int]]:
    return [{"frame_start": doubt.first, "frame_end": doubt.last} for doubt in trial.doubtful]


def _facts(result: Result) -> dict[str, Any]:
    def plain(scores: Mapping[str, Score]) -> dict[str, Any]:
        return {kind: {**dataclasses.asdict(score), "f1": round(score.f1, 4)} for kind, score in scores.items()}

    return {
        "splitter": described(result.splitter),
        "tuning": plain(result.tuning),
        "held_out": plain(result.held_out),
        "f1_interval": [round(result.interval.low, 4), round(result.interval.high, 4)],
        "flashes": {"there": result.flashes.true, "alarms": result.flashes.hits},
        "untuned": plain(result.untuned),
    }
