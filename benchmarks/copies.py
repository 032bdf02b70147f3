"""Which kinds of near-duplicates are found as copies, by hashes alone, and what is mistaken for one.

    python benchmarks/copies.py [FOLDER] [--max-bits N ...]

FOLDER holds clips and `ground_truth.json`, as for `embed.py`; by default it is `dups/` of the corpus that
VIDCURATE_CORPUS names. A row per kind says of how many pairs with the original both are copies of each other, at each
number of bits by which their pHashes may differ; the last rows count pairs of clips that are no duplicates.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
from rich.table import Table

from benchmarks.embed import pairs
from benchmarks.findings import Findings, add_json
from vidcurate.stage.copies import find_copies
from vidcurate.stage.hashes import SAMPLING, hash_row
from vidcurate.stage.looks import Looks
from vidcurate.table import HASHES, table
from vidcurate.video.contents import content_hash
from vidcurate.video.probe import probe
from vidcurate.video.reread import reread


def main() -> None:
    """Print the table, and what would be dropped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    corpus = os.environ.get("VIDCURATE_CORPUS")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(corpus, "dups") if corpus else None)
    parser.add_argument("--max-bits", nargs="+", type=int, default=[2, 4, 6, 8, 10, 12], metavar="N")
    add_json(parser)
    arguments = parser.parse_args()
    if arguments.folder is None or not (arguments.folder / "ground_truth.json").is_file():
        parser.error(f"no ground_truth.json in FOLDER={arguments.folder}; give one, or set VIDCURATE_CORPUS")
    labels = json.loads((arguments.folder / "ground_truth.json").read_text(encoding="utf-8"))["files"]
    rows, cost = [], 0.0
    for entry in labels:
        path = str(arguments.folder / Path(entry["file"]).name)
        frames = reread(path, [SAMPLING])[SAMPLING]
        start = time.process_time()
        rows.append(hash_row(path, content_hash(path), frames) | {"duration": probe(path).duration})
        cost += time.process_time() - start
    hashes, two = table(HASHES, rows), pairs(labels)
    looks = Looks.of(hashes)
    alike = {bits: looks.alike(two.first, two.second, bits) for bits in arguments.max_bits}
    title = f"{len(rows)} clips, {1000 * cost / len(rows):.1f} CPU-ms each to read and hash"
    shown = Table(title=title, title_justify="left")
    for name in ("pairs", "all", *(f"{bits} bits" for bits in alike)):
        shown.add_column(name, no_wrap=True)
    others = {"hard negatives": two.hard, "of other scenes": ~two.duplicate & ~two.hard}
    for kind, mask in (two.kinds | others).items():
        shown.add_row(kind, str(mask.sum()), *(str((found & mask).sum()) for found in alike.values()))
    findings = Findings(arguments.json)
    findings.table(shown)
    group = np.array([entry["group"] for entry in labels])
    for bits in arguments.max_bits:
        found = find_copies(hashes, hashes["clip_id"].to_pylist(), np.arange(len(rows)), bits)
        dropped = found.reason != ""
        wrong = int((group != group[found.witness]).sum())
        findings.line(f"{bits} bits: {dropped.sum()} of {len(rows)} clips dropped, {wrong} of them for another's sake")
        findings.figure(f"dropped for another's sake at {bits} bits", wrong)


if __name__ == "__main__":
    main()
