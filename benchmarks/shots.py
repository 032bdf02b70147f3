"""How well splitters find the transitions of labelled reels, kind by kind, and what that costs.

    python benchmarks/shots.py [FOLDER] [--splitter NAME ...] [--recheck]

FOLDER holds the reels and `ground_truth.json`, a list of `{"file": NAME, "cuts": [{"frame_start": 29, "frame_end": 30,
"kind": "cut"}, ...]}`. A cut is given by the last frame of the old shot and the first of the new one, a gradual
transition by its first and last mixed frame. By default FOLDER is `edits/` of the corpus that VIDCURATE_CORPUS names.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rich.table import Table

from benchmarks.findings import Findings, add_json
from vidcurate.model.device import best_device
from vidcurate.registry import loaded, registered
from vidcurate.splitter.base import Splitter, found
from vidcurate.stage.tune_shots.score import Match, Transition, scores, transitions
from vidcurate.video.lookahead import Lookahead
from vidcurate.video.probe import probe


@dataclass(frozen=True, slots=True)
class Trial(Match):
    """What one splitter made of one reel, and what that cost."""

    video_s: float
    cpu_s: float


def trial(path: Path, truths: tuple[Transition, ...], splitter: Splitter) -> Trial:
    """Let a splitter see a reel; decoding counts, loading the model does not."""
    info = probe(str(path))
    loaded(splitter, best_device())
    start = time.process_time()
    shots = found(splitter, Lookahead(str(path), info, max_bytes=0).thumbnails(splitter.thumbnail), best_device())
    alarms = transitions([shot for shot in shots if not shot.open])
    return Trial(truths, alarms, video_s=info.duration, cpu_s=time.process_time() - start)


def reels(folder: Path) -> dict[Path, tuple[Transition, ...]]:
    """Path and transitions of every reel."""
    labels = json.loads((folder / "ground_truth.json").read_text(encoding="utf-8"))
    return {
        folder / reel["file"]: tuple(
            Transition(cut["frame_start"], cut["frame_end"], cut["kind"]) for cut in reel["cuts"]
        )
        for reel in labels
    }


def report(name: str, trials: Sequence[Trial]) -> Table:
    """One splitter's table."""
    minutes = sum(entry.video_s for entry in trials) / 60
    cost = sum(entry.cpu_s for entry in trials) / minutes
    table = Table(title=f"{name}: {cost:.1f} CPU-s per minute of video", title_justify="left")
    table.add_column("transition")
    for column in ("true", "found", "false", "precision", "recall", "F1"):
        table.add_column(column, justify="right")
    for kind, score in scores(trials).items():
        counts = (str(count) for count in (score.true, score.hits, score.false))
        table.add_row(kind, *counts, *(f"{share:.3f}" for share in (score.precision, score.recall, score.f1)))
    return table


def main() -> None:
    """Print one table per splitter."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    corpus = os.environ.get("VIDCURATE_CORPUS")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(corpus, "edits") if corpus else None)
    parser.add_argument(
        "--splitter", nargs="+", default=["fused", "transnetv2", "adaptive", "content", "hash", "hist"], metavar="NAME"
    )
    recheck = {"action": argparse.BooleanOptionalAction, "default": argparse.SUPPRESS}
    parser.add_argument("--recheck", **recheck, help="look twice at every shot; by default as the splitter has it")
    add_json(parser)
    arguments = parser.parse_args()
    if arguments.folder is None or not (arguments.folder / "ground_truth.json").is_file():
        parser.error(f"no ground_truth.json in FOLDER={arguments.folder}; give one, or set VIDCURATE_CORPUS")
    known = registered("splitter")
    if unknown := sorted(set(arguments.splitter) - set(known)):
        parser.error(f"no splitter {', '.join(unknown)}; splitters: {', '.join(known)}")
    labelled, findings = reels(arguments.folder), Findings(arguments.json)
    settings = {name: value for name, value in vars(arguments).items() if name == "recheck"}
    for name in arguments.splitter:
        # The registry holds splitters only under that kind.
        splitter = cast("Splitter", known[name](**settings))
        trials = [trial(path, truths, splitter) for path, truths in labelled.items()]
        findings.table(report(name, trials))
        findings.figure(f"F1 {name}", scores(trials)["all"].f1)


if __name__ == "__main__":
    main()
