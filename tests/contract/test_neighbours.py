"""What every neighbour search must do, whoever wrote it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from vidcurate.cluster.base import Clusters
from vidcurate.errors import ShapeError
from vidcurate.neighbours.base import Neighbours
from vidcurate.neighbours.graph import Graph, cosines
from vidcurate.registry import loaded, registered


@pytest.fixture(params=sorted(registered("neighbours")), ids=str)
def component(request) -> Neighbours:
    return registered("neighbours")[request.param]()


def problem(n: int = 40) -> tuple[np.ndarray, Clusters, np.ndarray]:
    """Vectors in three clusters, in an order of their own."""
    rng = np.random.default_rng(n)
    vectors = rng.normal(size=(n, 5))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return vectors, Clusters.of(vectors, rng.integers(0, 3, n)), rng.permutation(n)


def test_a_copy_that_went_through_pickle_is_equal_and_finds_the_same(component):
    copy = pickle.loads(pickle.dumps(component))
    found = [loaded(which, "cpu")(*problem()) for which in (component, copy)]

    assert copy == component
    assert hash(copy) == hash(component)
    assert listed(found[0]) == listed(found[1])


def listed(graph: Graph, names: np.ndarray | None = None) -> set[tuple[int, int, float]]:
    """The pairs, by the names of their rows."""
    names = np.arange(len(graph.nearest.index)) if names is None else names
    return set(zip(names[graph.first].tolist(), names[graph.second].tolist(), graph.similarity.tolist(), strict=True))


def test_neighbours_rank_earlier_or_are_the_row_itself_at_zero(component):
    vectors, clusters, ranks = problem()

    nearest = loaded(component, "cpu")(vectors, clusters, ranks).nearest

    first = nearest.index == np.arange(40)
    assert first.any()
    assert (ranks[nearest.index[~first]] < ranks[~first]).all()
    assert (nearest.similarity[first] == 0).all()
    assert (
        nearest.similarity[~first].tolist() == cosines(vectors, np.flatnonzero(~first), nearest.index[~first]).tolist()
    )


def test_pairs_are_listed_once_in_order_of_rank_with_the_similarity_of_their_rows(component):
    vectors, clusters, ranks = problem(400)

    graph = loaded(component, "cpu")(vectors, clusters, ranks)

    keys = list(zip(ranks[graph.second], ranks[graph.first], strict=True))
    assert len(keys) > 50
    assert keys == sorted(set(keys))
    assert (ranks[graph.first] < ranks[graph.second]).all()
    assert graph.similarity.tolist() == cosines(vectors, graph.first, graph.second).tolist()
    assert graph.similarity.min() >= np.float32(graph.floor)


def test_the_nearest_from_the_floor_up_is_the_most_similar_pair(component):
    vectors, clusters, ranks = problem(400)

    graph = loaded(component, "cpu")(vectors, clusters, ranks)

    best = np.full(400, -1, np.float32)
    np.maximum.at(best, graph.second, graph.similarity)
    assert graph.nearest.similarity[best >= 0].tolist() == best[best >= 0].tolist()
    assert (graph.nearest.similarity[best < 0] < graph.floor).all()


def test_the_order_of_the_rows_is_irrelevant(component):
    vectors, clusters, ranks = problem()
    shuffled = np.random.default_rng(1).permutation(40)
    search = loaded(component, "cpu")

    straight = search(vectors, clusters, ranks)
    mixed = search(vectors[shuffled], Clusters.of(vectors[shuffled], clusters.labels[shuffled]), ranks[shuffled])

    assert listed(mixed, shuffled) == listed(straight)
    above = straight.nearest.similarity >= straight.floor
    assert above.any()
    assert (
        shuffled[mixed.nearest.index][above[shuffled]].tolist()
        == straight.nearest.index[shuffled][above[shuffled]].tolist()
    )


def test_one_vector_is_its_own_neighbour_at_zero(component):
    one = np.ones((1, 1), np.float32)

    graph = loaded(component, "cpu")(one, Clusters.of(one, np.zeros(1, int)), np.zeros(1, np.int64))

    assert graph.nearest.index.tolist() == [0]
    assert graph.nearest.similarity.tolist() == [0]
    assert not len(graph.first)


@pytest.mark.parametrize(
    "vectors", [np.eye(3), np.ones(3, np.float32), np.empty((0, 3), np.float32)], ids=["float64", "one row", "empty"]
)
def test_what_is_not_float32_rows_is_refused(component, vectors):
    clusters = Clusters(labels=np.zeros(len(vectors), np.int32), centroids=np.ones((1, 3), np.float32))

    with pytest.raises(ShapeError, match="float32"):
        loaded(component, "cpu")(vectors, clusters, np.arange(len(vectors)))
