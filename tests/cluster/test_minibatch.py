from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.cluster.vectors import directions, groups
from vidcurate.cluster.kmeans import KMeans
from vidcurate.cluster.minibatch import MiniBatch
from vidcurate.errors import MissingExtra


def test_groups_that_lie_apart_are_found():
    labels = MiniBatch(k=6, batch_rows=30).load("cpu")(groups(6, 20), 0).labels.reshape(6, 20)

    assert (labels == labels[:, :1]).all()
    assert len(set(labels[:, 0])) == 6


@pytest.mark.slow
def test_clusters_are_nearly_as_tight_as_those_of_faiss():
    vectors = directions(2000)

    wide = [kind(k=20).load("cpu")(vectors, 0).distances(vectors).mean() for kind in (MiniBatch, KMeans)]

    assert wide[0] == pytest.approx(wide[1], rel=0.05)


def test_equal_seeds_give_equal_clusters():
    vectors = directions(500)

    first, second = (MiniBatch(k=5, batch_rows=50).load("cpu")(vectors, 2**40) for _ in range(2))

    assert np.array_equal(first.labels, second.labels)


@pytest.mark.parametrize("ask", [MiniBatch.check, lambda minibatch: minibatch.load("cpu")])
def test_without_scikit_learn_the_message_names_the_extra(ask, monkeypatch):
    monkeypatch.delitem(sys.modules, "sklearn", raising=False)
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(MissingExtra, match=r"minibatch needs scikit-learn.*vidcurate\[minibatch\]"):
        ask(MiniBatch())
