"""What every neighbour search must do, whoever wrote it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from vidcurate.errors import ShapeError
from vidcurate.neighbours.base import Neighbours
from vidcurate.registry import loaded, registered


@pytest.fixture(params=sorted(registered("neighbours")), ids=str)
def component(request) -> Neighbours:
    return registered("neighbours")[request.param]()


def problem(n: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors in three clusters, in an order of their own."""
    rng = np.random.default_rng(n)
    vectors = rng.normal(size=(n, 5))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return vectors, rng.integers(0, 3, n).astype(np.int32), rng.permutation(n)


def test_a_copy_that_went_through_pickle_is_equal_and_finds_the_same(component):
    copy = pickle.loads(pickle.dumps(component))
    found = [loaded(which, "cpu")(*problem()) for which in (component, copy)]

    assert copy == component
    assert hash(copy) == hash(component)
    assert found[0].index.tolist() == found[1].index.tolist()
    assert found[0].similarity.tolist() == found[1].similarity.tolist()


def test_neighbours_rank_earlier_or_are_the_row_itself_at_zero(component):
    vectors, labels, ranks = problem()

    nearest = loaded(component, "cpu")(vectors, labels, ranks)

    first = nearest.index == np.arange(40)
    assert first.any()
    assert (ranks[nearest.index[~first]] < ranks[~first]).all()
    assert (nearest.similarity[first] == 0).all()
    assert nearest.similarity[~first] == pytest.approx(
        (vectors * vectors[nearest.index]).sum(axis=1)[~first], abs=1e-6
    )  # float32 products


def test_the_order_of_the_rows_is_irrelevant(component):
    vectors, labels, ranks = problem()
    shuffled = np.random.default_rng(1).permutation(40)
    search = loaded(component, "cpu")

    straight = search(vectors, labels, ranks)
    mixed = search(vectors[shuffled], labels[shuffled], ranks[shuffled])

    assert shuffled[mixed.index].tolist() == straight.index[shuffled].tolist()
    assert mixed.similarity.tolist() == straight.similarity[shuffled].tolist()


def test_one_vector_is_its_own_neighbour_at_zero(component):
    nearest = loaded(component, "cpu")(np.ones((1, 1), np.float32), np.zeros(1, np.int32), np.zeros(1, np.int64))

    assert nearest.index.tolist() == [0]
    assert nearest.similarity.tolist() == [0]


@pytest.mark.parametrize(
    "vectors", [np.eye(3), np.ones(3, np.float32), np.empty((0, 3), np.float32)], ids=["float64", "one row", "empty"]
)
def test_what_is_not_float32_rows_is_refused(component, vectors):
    with pytest.raises(ShapeError, match="float32"):
        loaded(component, "cpu")(vectors, np.zeros(len(vectors), np.int32), np.arange(len(vectors)))
