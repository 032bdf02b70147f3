"""What grouping vectors costs and how tight the clusters are, algorithm by algorithm.

    python benchmarks/cluster.py [NAME ...] [--rows 20000] [--dim 512] [--k 141] [--restarts 3] [--repeats 3]

NAME may end in `:cosine`. Vectors are drawn around a tenth as many centres as there are rows, of a length like that of
the noise; algorithms take turns, and the least CPU time of the repeats is told. The cosine is that of a vector to its
centroid, the mean of all; `pairs` are the pairs of vectors that share a cluster, in millions: the work that is left to
comparing.
"""

from __future__ import annotations

import argparse
import dataclasses
import time

import numpy as np
from rich.table import Table

from benchmarks.findings import Findings, add_json
from vidcurate.cluster.base import Cluster, Clusters
from vidcurate.model.device import best_device
from vidcurate.registry import registered

NAMES = ("kmeans", "torch_kmeans", "minibatch", "hierarchical")


def vectors_of(rows: int, dim: int) -> np.ndarray:
    """Unit vectors around rows / 10 centres, float32 [rows, dim]."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(max(1, rows // 10), dim)).astype(np.float32)
    vectors = random.normal(size=(rows, dim)).astype(np.float32)
    vectors += centres[random.integers(len(centres), size=rows)]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def component(name: str, k: int, restarts: int, rows: int) -> Cluster:
    """A cluster algorithm that aims at k clusters of so many rows; those without `restarts` start once."""
    name, _, metric = name.partition(":")
    cls = registered("cluster")[name]
    wanted = {"k": k, "restarts": restarts, "max_size": max(1, 2 * rows // k)} | ({"metric": metric} if metric else {})
    names = {entry.name for entry in dataclasses.fields(cls)}
    return cls(**{key: value for key, value in wanted.items() if key in names})


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=NAMES)
    for option, value in (("rows", 20_000), ("dim", 512), ("k", 141), ("restarts", 3), ("repeats", 3)):
        parser.add_argument(f"--{option}", type=int, default=value)
    add_json(parser)
    given = parser.parse_args()
    device = best_device()
    fits = {name: component(name, given.k, given.restarts, given.rows).load(device) for name in given.names}
    vectors = vectors_of(given.rows, given.dim)
    costs: dict[str, list[float]] = {name: [] for name in fits}
    found: dict[str, Clusters] = {}
    for fit in fits.values():
        fit(vectors[: 2 * given.k], 0)  # imports
    for _ in range(given.repeats):
        for name, fit in fits.items():
            start = time.process_time()
            found[name] = fit(vectors, 0)
            costs[name].append(time.process_time() - start)
    table = Table("algorithm", "CPU-s", "clusters", "largest", "pairs / 1e6", "mean cosine", title=f"{vectors.shape}")
    for name, clusters in found.items():
        sizes = np.bincount(clusters.labels).astype(np.int64)
        cosine = 1 - clusters.distances(vectors).mean(dtype=np.float64)
        pairs = (sizes * (sizes - 1) / 2).sum() / 1e6
        table.add_row(
            name, f"{min(costs[name]):.2f}", str(len(sizes)), str(sizes.max()), f"{pairs:.2f}", f"{cosine:.4f}"
        )
    Findings(given.json).table(table)


if __name__ == "__main__":
    main()
