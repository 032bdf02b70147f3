from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidcurate.neighbours import across
from vidcurate.neighbours.across import error_bound, nearest_across
from vidcurate.neighbours.graph import cosines


def unit(rng: np.random.Generator, count: int, dim: int) -> np.ndarray:
    rows = rng.normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def by_definition(vectors: np.ndarray, others: np.ndarray) -> tuple[list[int], list[float]]:
    n, k = len(vectors), len(others)
    pairs = cosines(vectors, np.repeat(np.arange(n), k), np.tile(np.arange(k), n), others).reshape(n, k)
    return pairs.argmax(axis=1).tolist(), pairs.max(axis=1).tolist()  # argmax takes the first of equals


def test_the_nearest_of_three_directions():
    angles = np.radians([0, 50, 90, 200])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    others = np.array([[1, 0], [0, 1], [0, 1], [-1, 0]], np.float32)

    row, similarity = nearest_across(vectors, others, "cpu")

    assert row.tolist() == [0, 1, 1, 3]
    # cos 0, sin 50, 1, cos 20; of the two equal rows the first is named
    assert similarity.tolist() == pytest.approx([1, 0.76604444, 1, 0.93969262], abs=1e-7)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 40),
    k=st.integers(1, 40),
    dim=st.sampled_from([2, 7, 64]),
    noise=st.sampled_from([0.0, 3e-8, 1e-6, 1.0]),
    tile=st.integers(1, 50),
)
def test_whatever_the_tile_the_nearest_is_what_the_definition_says(seed, n, k, dim, noise, tile):
    rng = np.random.default_rng(seed)
    # Near-ties that float32 cannot tell apart: most rows are one of three directions with a little noise.
    directions = unit(rng, 3, dim)
    others = directions[rng.integers(0, 3, k)] + noise * rng.normal(size=(k, dim)) / np.sqrt(dim)
    vectors = directions[rng.integers(0, 3, n)] + noise * rng.normal(size=(n, dim)) / np.sqrt(dim)
    vectors, others = (
        (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32) for rows in (vectors, others)
    )

    with pytest.MonkeyPatch.context() as small:
        small.setattr(across, "ROWS", tile)
        small.setattr(across, "COLUMNS", tile)
        small.setattr(across, "PATCH", 4)
        row, similarity = nearest_across(vectors, others, "cpu")

    assert (row.tolist(), similarity.tolist()) == by_definition(vectors, others)


@pytest.mark.parametrize("dim", [3, 512, 2048])
def test_products_in_float32_stay_within_the_bound(dim):
    vectors = unit(np.random.default_rng(dim), 300, dim)
    left, right = np.triu_indices(300)

    products = (vectors @ vectors.T)[left, right]

    assert np.abs(products.astype(np.float64) - cosines(vectors, left, right)).max() <= error_bound(dim)
