"""Which near-duplicates of labelled clips dedup finds at the epsilon that is advised, and what it merges by mistake.

    python benchmarks/advised.py [FOLDER] [--per-band N] [--epsilons EPS ...]

FOLDER holds clips and `ground_truth.json`, as for `embed.py`; by default it is `dups/` of the corpus that
VIDCURATE_CORPUS names. Its clips are split whole, compared, and the pairs that `+experiment=advise` draws are marked by
the ground truth, as a person would. A row per kind says of how many pairs with the original both end in one group, at
the advised epsilon and at others; the last rows count pairs of one group that are no duplicates.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.table import Table

from benchmarks.embed import pairs
from benchmarks.findings import Findings, add_json
from vidcurate import Recipe, curate
from vidcurate.dedup.leader import Leader
from vidcurate.preview.none import NoPreview
from vidcurate.recipe import Advise
from vidcurate.source.folder import Folder
from vidcurate.splitter.whole import Whole
from vidcurate.stage.advise import Advice, advise
from vidcurate.stage.decide import roots, witnesses
from vidcurate.stage.neighbours import stored_neighbours
from vidcurate.stage.settle import read_tables
from vidcurate.store.files import Store
from vidcurate.transcoder.copy import Copy


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    corpus = os.environ.get("VIDCURATE_CORPUS")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(corpus, "dups") if corpus else None)
    parser.add_argument("--per-band", type=int, default=40)
    parser.add_argument("--epsilons", nargs="*", type=float, default=[0.01, 0.05, 0.1])
    add_json(parser)
    arguments = parser.parse_args()
    if arguments.folder is None or not (arguments.folder / "ground_truth.json").is_file():
        parser.error(f"no ground_truth.json in FOLDER={arguments.folder}; give one, or set VIDCURATE_CORPUS")
    labels = json.loads((arguments.folder / "ground_truth.json").read_text(encoding="utf-8"))["files"]
    with tempfile.TemporaryDirectory() as out:
        _show(Findings(arguments.json), arguments.folder, labels, Store(out), arguments.per_band, arguments.epsilons)


def _show(
    findings: Findings,
    folder: Path,
    labels: list[dict[str, str]],
    store: Store,
    per_band: int,
    epsilons: Sequence[float],
) -> None:
    parts = {"splitter": Whole(), "transcoder": Copy(), "filter": (), "preview": NoPreview()}
    recipe = Recipe(**parts, dedup=Leader(), advise=Advise(per_band=per_band))
    curate(recipe, source=Folder(path=str(folder)), out=store.url, steps=("split", "dedup"))
    tables = read_tables(store)
    files = dict(zip(tables.videos["video_id"].to_pylist(), tables.videos["uri"].to_pylist(), strict=True))
    clips = zip(tables.clips["clip_id"].to_pylist(), tables.clips["video_id"].to_pylist(), strict=True)
    clip = {Path(files[video]).name: name for name, video in clips}
    group = {clip[Path(entry["file"]).name]: entry["group"] for entry in labels}
    _mark(store, advise(store, tables, recipe, None, 0), group)
    advice = advise(store, tables, recipe, None, 0)
    compared, ids = stored_neighbours(store, recipe.dedup), advice.ids.to_pylist()
    rows = np.array([ids.index(clip[Path(entry["file"]).name]) for entry in labels])
    best = [advice.best.eps] if advice.best else []
    tried = {eps: witnesses(compared, replace(recipe.dedup, eps=eps)) for eps in sorted({*best, *epsilons})}
    groups = [roots(witness)[rows] for witness in tried.values()]
    marks = f"{len(advice.labels)} marks advise " + (f"dedup.eps={best[0]}" if best else "no epsilon")
    shown = Table(title=f"{len(rows)} clips; {marks}", title_justify="left")
    for name in ("pairs", "all", *(f"eps {eps}" for eps in tried)):
        shown.add_column(name, no_wrap=True)
    two = pairs(labels)
    others = {"hard negatives": two.hard, "of other scenes": ~two.duplicate & ~two.hard}
    for kind, mask in (two.kinds | others).items():
        merged = [str(int((root[two.first] == root[two.second])[mask].sum())) for root in groups]
        shown.add_row(kind, str(mask.sum()), *merged)
    shown.add_row("clips kept", str(len(rows)), *(str(len(np.unique(root))) for root in groups))
    findings.table(shown)


def _mark(store: Store, advice: Advice, group: dict[str, str]) -> None:
    """Say of every pair that was drawn whether it is the same, as the ground truth has it."""
    ids, lines = advice.ids.to_pylist(), ["id,other_id,label"]
    for row in advice.shown:
        names = ids[advice.graph.first[row]], ids[advice.graph.second[row]]
        same = group[names[0]] == group[names[1]]
        lines.append(f"{names[0]},{names[1]},{'same' if same else 'different'}")
    store.write("semantic/labels.csv", "\n".join([*lines, ""]).encode())


if __name__ == "__main__":
    main()
