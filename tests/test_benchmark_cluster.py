from __future__ import annotations

import numpy as np
import pytest

from benchmarks.cluster import component, main, vectors_of
from vidcurate.cluster.hierarchical import Hierarchical
from vidcurate.cluster.kmeans import KMeans

pytestmark = pytest.mark.slow


def test_vectors_lie_around_a_tenth_as_many_centres():
    vectors = vectors_of(400, 64)
    cosines = (vectors @ vectors.T)[np.triu_indices(400, 1)]

    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(400), abs=1e-6)  # float32
    assert (cosines > 0.35).mean() == pytest.approx(1 / 40, rel=0.5)  # cosine 1/2 within a centre, 0 across


def test_each_algorithm_gets_the_settings_that_it_has():
    assert component("kmeans:cosine", 5, 2, 100) == KMeans(k=5, restarts=2, metric="cosine")
    assert component("hierarchical", 5, 2, 100) == Hierarchical(max_size=40)


def test_a_table_tells_cost_and_tightness(monkeypatch, capsys):
    monkeypatch.setattr(
        "sys.argv", ["cluster.py", "kmeans", "single", "--rows", "200", "--dim", "8", "--k", "4", "--repeats", "1"]
    )

    main()

    said = capsys.readouterr().out
    assert "mean cosine" in said
    assert said.index("kmeans") < said.index("single")
