"""Which duplicates searches find that do not compare everything, and what share of the work that is.

    python benchmarks/recall.py [--clips N] [--dim D] [--clusters K] [--embeddings FILES] [--epsilons E ...]

Vectors are synthetic (topics whose sizes follow Zipf's law, a quarter of the clips in families with cosines of .9 to
.999), or those of parquet files, each repeated with noise until there are N. A clip is found at an epsilon where some
earlier clip within it is; a pair where it is listed. `pruned` searches anew for each epsilon, the others once.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from benchmarks.findings import Findings, add_json
from vidcurate.cluster.base import Clusters
from vidcurate.cluster.kmeans import KMeans
from vidcurate.dedup.base import is_duplicate
from vidcurate.neighbours.base import Neighbours
from vidcurate.neighbours.cells import Cells
from vidcurate.neighbours.clustered import Clustered
from vidcurate.neighbours.crossing import work
from vidcurate.neighbours.graph import Graph
from vidcurate.neighbours.hnsw import HNSW
from vidcurate.neighbours.ivf import IVF
from vidcurate.neighbours.probed import Probed, plan
from vidcurate.stage.vectors import load_vectors

Vectors = NDArray[np.float32]


def synthetic(n: int, dim: int, topics: int = 400, copies: float = 0.25, seed: int = 0) -> Vectors:
    """Topics, clips with a cosine of .5 to .9 to theirs, and families with a cosine of .9 to .999 to a clip."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(topics, dim))
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    sizes = 1 / np.arange(1, topics + 1)
    single = n - int(n * copies)
    clips = _around(middles[rng.choice(topics, single, p=sizes / sizes.sum())], rng.uniform(0.5, 0.9, single), rng)
    parents = clips[rng.integers(0, max(1, single // 10), n - single)]
    families = _around(parents, rng.uniform(0.9, 0.999, n - single), rng)
    return np.concatenate([clips, families])[rng.permutation(n)].astype(np.float32)


def repeated(vectors: Vectors, n: int, seed: int = 0) -> Vectors:
    """Vectors again and again, each time with a cosine of .8 to .999 to the first."""
    rng = np.random.default_rng(seed)
    rows = vectors[rng.integers(0, len(vectors), n)].astype(np.float64)
    return _around(rows / np.linalg.norm(rows, axis=1, keepdims=True), rng.uniform(0.8, 0.999, n), rng).astype(
        np.float32
    )


def _around(
    middles: NDArray[np.float64], cosines: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    noise = rng.normal(size=middles.shape)
    noise -= (noise * middles).sum(axis=1, keepdims=True) * middles
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    return cosines[:, None] * middles + np.sqrt(1 - cosines**2)[:, None] * noise


@dataclass(frozen=True, slots=True)
class Row:
    """What a search found.

    Attributes:
        name: of the search.
        work: share of all pairs that it compares; NaN where faiss does not tell.
        seconds: CPU-seconds.
        items: recall of clips, per epsilon; NaN beyond its floor.
        pairs: recall of pairs, likewise.
    """

    name: str
    work: float
    seconds: float
    items: list[float]
    pairs: list[float]


def recall(found: Graph, truth: Graph, eps: float) -> tuple[float, float]:
    """Shares of the clips that have an earlier one within epsilon, and of the pairs within it, that are found."""
    counts = [
        (is_duplicate(graph.nearest.similarity, eps).sum(), is_duplicate(graph.similarity, eps).sum())
        for graph in (found, truth)
    ]
    return tuple(float(a / b) if b else np.nan for a, b in zip(*counts, strict=True))  # type: ignore[return-value]  # two


def measure(
    name: str,
    search: Neighbours,
    problem: tuple[Vectors, Clusters, NDArray[np.int64]],
    truth: Graph,
    epsilons: Sequence[float],
) -> Row:
    """Run a search and hold it against all pairs."""
    run = search.load("cpu")
    before = time.process_time()
    found = run(*problem)
    seconds = time.process_time() - before
    reached = (recall(found, truth, eps) if 1 - eps >= search.floor else (np.nan, np.nan) for eps in epsilons)
    items, pairs = zip(*reached, strict=True)
    return Row(name, share(search, problem), seconds, list(items), list(pairs))


def share(search: Neighbours, problem: tuple[Vectors, Clusters, NDArray[np.int64]]) -> float:
    """Of all pairs, those that are compared."""
    vectors, clusters, ranks = problem
    if isinstance(search, Probed):
        compared = work(plan(search, Cells.of(vectors, clusters.centroids, ranks, search.probes, "cpu"))[0])
    elif isinstance(search, Clustered):
        sizes = np.bincount(clusters.labels).astype(np.int64)
        compared = int((sizes * (sizes - 1) // 2).sum())
    else:
        return float("nan")
    return compared / (len(vectors) * (len(vectors) - 1) // 2)


def table(title: str, epsilons: Sequence[float], rows: Sequence[Row]) -> Table:
    """One line per search: recall of clips / of pairs."""
    made = Table("search", "share of pairs", "CPU-s", *(f"eps {eps:g}" for eps in epsilons), title=title)
    for row in rows:
        recalls = (_two(item, pair) for item, pair in zip(row.items, row.pairs, strict=True))
        made.add_row(row.name, "" if np.isnan(row.work) else f"{row.work:.4f}", f"{row.seconds:.1f}", *recalls)
    return made


def _two(item: float, pair: float) -> str:
    return "" if np.isnan(item) else f"{item:.5f} / {pair:.4f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=50_000)
    parser.add_argument("--dim", type=int, default=256, help="of synthetic vectors")
    parser.add_argument("--clusters", type=int, help="default: the square root of the clips")
    parser.add_argument("--embeddings", help="parquet files instead of synthetic vectors")
    parser.add_argument("--epsilons", type=float, nargs="+", default=[0.01, 0.05, 0.1, 0.3])
    add_json(parser)
    given = parser.parse_args()

    n = given.clips
    vectors = repeated(load_vectors(given.embeddings).matrix, n) if given.embeddings else synthetic(n, given.dim)
    k = given.clusters or round(n**0.5)
    clusters = KMeans(k=k, restarts=1).load("cpu")(vectors, 0)
    problem = vectors, clusters, np.random.default_rng(1).permutation(n)
    floor = 1 - max(given.epsilons)
    everything = Probed(floor=floor, probes=k, max_pairs=10**9)
    truth = everything.load("cpu")(*problem)
    searches: dict[str, Neighbours] = {"clustered": Clustered(floor=floor, max_pairs=10**9)}
    searches |= {f"probes {m}": replace(everything, probes=m, prune=False) for m in (1, 2, 4)}
    searches |= {"probes 4, auto": replace(everything, probes=4)}
    searches |= {"ivf": IVF(floor=floor, max_pairs=10**9), "hnsw": HNSW(floor=floor, max_pairs=10**9)}
    rows = [measure("everything", everything, problem, truth, given.epsilons)]
    rows += [measure(name, search, problem, truth, given.epsilons) for name, search in searches.items()]
    for eps in given.epsilons:
        pruned = Probed(floor=1 - eps, probes=0, prune=True, max_pairs=10**9)
        rows.append(measure(f"pruned at {eps:g}", pruned, problem, truth, given.epsilons))
    title = f"{n} x {vectors.shape[1]}, {len(clusters.centroids)} clusters; recall of clips / of pairs"
    findings = Findings(given.json, width=140)
    findings.table(table(title, given.epsilons, rows))
    for row in rows:
        for eps, share_found in zip(given.epsilons, row.items, strict=True):
            if not np.isnan(share_found):
                findings.figure(f"clips {row.name}, eps {eps:g}", share_found)


if __name__ == "__main__":
    main()
