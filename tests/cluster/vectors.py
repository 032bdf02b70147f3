"""Vectors whose clusters are known, and ones without any."""

from __future__ import annotations

import numpy as np


def groups(count: int, size: int, spread: float = 0.05) -> np.ndarray:
    """Unit vectors close to each of `count` axes, float32 [count * size, count], `size` of each in turn."""
    noise = np.random.default_rng(0).normal(scale=spread, size=(count * size, count))
    return unit(np.repeat(np.eye(count), size, axis=0) + noise)


def directions(n: int, dim: int = 8) -> np.ndarray:
    """Directions at random, float32 [n, dim]."""
    return unit(np.random.default_rng(1).normal(size=(n, dim)))


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows at unit length, as float32."""
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
