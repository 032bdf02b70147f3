"""How well embedders tell near-duplicates from other clips, kind by kind, at which epsilon, and what that costs.

    python benchmarks/embed.py [FOLDER] [--embedder NAME ...]

FOLDER holds clips and `ground_truth.json`: `{"files": [{"file": NAME, "group": "dog_0", "scene": "dog", "relation":
"original"}, ...]}`. Clips of one group are near-duplicates; those of one scene but of other groups, other moments of
the same camera, are hard to tell apart. `relation` is the kind of duplicate, `original` once a group. By default FOLDER
is `dups/` of the corpus that VIDCURATE_CORPUS names. `phash` is no embedder of vidcurate's but imagehash's pHash.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from benchmarks.findings import Findings, add_json
from vidcurate.embedder.base import Embed, Embedder
from vidcurate.model.device import best_device
from vidcurate.records import Frames, Sampling
from vidcurate.registry import loaded, registered
from vidcurate.video.reread import reread

FALSE_RATE = 1e-3
EPSILONS = (0.02, 0.05, 0.06, 0.07, 0.08, 0.1, 0.15, 0.2)
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Every two clips of a labelled folder; the arrays have one entry per pair.

    Attributes:
        first: index of the one clip.
        second: index of the other.
        duplicate: whether they belong to one group.
        hard: whether they show one scene at different moments.
        kinds: by the relation, whether one of a group is that and the other the original.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    duplicate: Mask
    hard: Mask
    kinds: dict[str, Mask]


def pairs(labels: Sequence[dict[str, str]]) -> Pairs:
    """Pair the clips of a ground truth, each two once."""
    first, second = np.triu_indices(len(labels), 1)
    group, scene, relation = (np.array([entry[key] for entry in labels]) for key in ("group", "scene", "relation"))
    duplicate = group[first] == group[second]
    ends = np.stack([relation[first], relation[second]])
    hard = (scene[first] == scene[second]) & ~duplicate
    edited = duplicate & (ends == "original").any(axis=0)
    kinds = {str(kind): edited & (ends == kind).any(axis=0) for kind in sorted(set(relation) - {"original"})}
    return Pairs(first, second, duplicate, hard, {kind: mask for kind, mask in kinds.items() if mask.any()})


def auc(positives: NDArray[np.float32], negatives: NDArray[np.float32]) -> float:
    """Probability that a positive is above a negative, ties counted half; nan without either."""
    if not (positives.size and negatives.size):
        return float("nan")
    rising = np.sort(negatives)
    below = np.searchsorted(rising, positives, "left") + np.searchsorted(rising, positives, "right")
    return float(below.mean() / 2 / rising.size)


def recall(positives: NDArray[np.float32], negatives: NDArray[np.float32], rate: float = FALSE_RATE) -> float:
    """Share of the positives above the similarity that `rate` of the negatives, rounded down, exceed."""
    allowed = int(rate * negatives.size)
    return float((positives > np.sort(negatives)[-1 - allowed]).mean())


def phash(clips: Sequence[Frames]) -> NDArray[np.float32]:
    """Signs of the 64 bits of every frame, as one unit vector: the cosine is 1 - 2 x the share of bits that differ."""
    import imagehash
    from PIL import Image

    bits = [np.concatenate([imagehash.phash(Image.fromarray(image)).hash.ravel() for image in c.images]) for c in clips]
    return np.stack([(2.0 * bit - 1) / np.sqrt(bit.size) for bit in bits]).astype(np.float32)


def method(name: str) -> tuple[Sampling, Callable[[], Embed]]:
    """What a method wants to see, and what loads it."""
    if name == "phash":
        return Sampling(width=128, height=128, count=8), lambda: phash
    embedder = cast("Embedder", registered("embedder")[name]())  # the registry holds embedders only under that kind
    return embedder.sampling, lambda: cast("Embed", loaded(embedder, best_device()))


def quality(pairs: Pairs, similarity: NDArray[np.float32]) -> dict[str, tuple[float, float, float]]:
    """Of every kind, and of `all` pairs of duplicates: AUC against hard negatives, against all, and recall."""
    hard, negatives = similarity[pairs.hard], similarity[~pairs.duplicate]
    rows = {}
    for kind, mask in (pairs.kinds | {"all": pairs.duplicate}).items():
        positives = similarity[mask]
        rows[kind] = (auc(positives, hard), auc(positives, negatives), recall(positives, negatives))
    return rows


def report(name: str, cost: float, pairs: Pairs, similarity: NDArray[np.float32]) -> tuple[Table, Table]:
    """One method's tables: kinds of duplicates, and what each epsilon would make of all pairs."""
    kinds = Table(title=f"{name}: {cost:.3f} CPU-s per clip", title_justify="left")
    kinds.add_column("duplicate")
    for column in ("AUC hard", "AUC all", f"recall at FPR {FALSE_RATE:g}"):
        kinds.add_column(column, justify="right")
    for kind, numbers in quality(pairs, similarity).items():
        kinds.add_row(kind, *(f"{number:.3f}" for number in numbers))
    epsilons = Table(title=f"{name}: pairs above 1 - eps", title_justify="left")
    for column in ("eps", "recall", "precision", "of other scenes"):
        epsilons.add_column(column, justify="right")
    for eps in EPSILONS:
        above = similarity > 1 - eps
        right, far = (above & pairs.duplicate).sum(), (above & ~pairs.duplicate & ~pairs.hard).sum()
        shares = (right / pairs.duplicate.sum(), right / max(above.sum(), 1))
        epsilons.add_row(f"{eps:g}", *(f"{share:.3f}" for share in shares), str(far))
    return kinds, epsilons


def main() -> None:
    """Print two tables per method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    corpus = os.environ.get("VIDCURATE_CORPUS")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(corpus, "dups") if corpus else None)
    names = ["efficientnet_lite", "histogram", "phash"]
    parser.add_argument("--embedder", nargs="+", default=names, metavar="NAME")
    add_json(parser)
    arguments = parser.parse_args()
    if arguments.folder is None or not (arguments.folder / "ground_truth.json").is_file():
        parser.error(f"no ground_truth.json in FOLDER={arguments.folder}; give one, or set VIDCURATE_CORPUS")
    known = [*registered("embedder"), "phash"]
    if unknown := sorted(set(arguments.embedder) - set(known)):
        parser.error(f"no embedder {', '.join(unknown)}; embedders: {', '.join(known)}")
    labels: list[Any] = json.loads((arguments.folder / "ground_truth.json").read_text(encoding="utf-8"))["files"]
    methods = {name: method(name) for name in arguments.embedder}
    wants, found, findings = list({want for want, _ in methods.values()}), pairs(labels), Findings(arguments.json)
    clips = [reread(str(arguments.folder / Path(entry["file"]).name), wants) for entry in labels]
    for name, (want, load) in methods.items():
        embed = load()
        start = time.process_time()
        vectors = np.concatenate([embed([clip[want]]) for clip in clips])
        cost = (time.process_time() - start) / len(clips)
        similarity = np.einsum("nd,nd->n", vectors[found.first], vectors[found.second])
        for table in report(name, cost, found, similarity):
            findings.table(table)
        findings.figure(f"AUC hard {name}", quality(found, similarity)["all"][0])


if __name__ == "__main__":
    main()
