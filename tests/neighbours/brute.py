"""Vectors with near copies, and every pair of them, to hold searches against."""

from __future__ import annotations

import numpy as np

from vidcurate.neighbours.graph import Graph, cosines

Listed = set[tuple[int, int, float]]


def unit(rows) -> np.ndarray:
    rows = np.asarray(rows, np.float64)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def topics(n: int, dim: int, count: int, spread: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Vectors strewn around some directions, a quarter of them close to another one; and the directions."""
    rng = np.random.default_rng(seed)
    middles = unit(rng.normal(size=(count, dim)))
    rows = middles[rng.integers(0, count, n)] + spread / np.sqrt(dim) * rng.normal(size=(n, dim))
    copies = rng.integers(0, n, n // 4)
    rows[copies] = rows[rng.permutation(copies)] + 0.1 / np.sqrt(dim) * rng.normal(size=(len(copies), dim))
    return unit(rows), middles


def all_pairs(vectors: np.ndarray, ranks: np.ndarray, floor: float) -> Listed:
    left, right = np.triu_indices(len(vectors), 1)
    similarity = cosines(vectors, left, right)
    kept = similarity >= np.float32(floor)
    return named(left[kept], right[kept], similarity[kept], ranks)


def listed(graph: Graph, ranks: np.ndarray) -> Listed:
    return named(graph.first, graph.second, graph.similarity, ranks)


def named(left: np.ndarray, right: np.ndarray, similarity: np.ndarray, ranks: np.ndarray) -> Listed:
    """Pairs by the ranks of their rows, which stay the same in any order of the rows."""
    first, second = np.minimum(ranks[left], ranks[right]), np.maximum(ranks[left], ranks[right])
    return set(zip(first.tolist(), second.tolist(), similarity.tolist(), strict=True))
