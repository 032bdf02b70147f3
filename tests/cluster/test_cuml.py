from __future__ import annotations

import importlib.util
import sys

import pytest

from tests.cluster.vectors import directions, groups
from vidcurate.cluster.cuml import CuML
from vidcurate.cluster.kmeans import KMeans
from vidcurate.errors import ConfigError, MissingExtra


@pytest.mark.parametrize("ask", [CuML.check, lambda cuml: cuml.load("cuda")])
def test_without_the_package_the_message_names_the_extra(ask, monkeypatch):
    monkeypatch.delitem(sys.modules, "cuml", raising=False)
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(MissingExtra, match=r"cuml needs cuml-cu13.*vidcurate\[gpu\]"):
        ask(CuML())


def test_without_a_gpu_the_message_names_another_choice(tmp_path, monkeypatch):
    if _has_gpu():
        pytest.skip("there is a GPU")
    (tmp_path / "cuml.py").touch()  # the package is there, as far as one can see
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ConfigError, match=r"cluster=cuml needs an Nvidia GPU.*cluster=kmeans"):
        CuML().check()


@pytest.mark.gpu
def test_clusters_are_as_tight_as_those_of_faiss():
    if importlib.util.find_spec("cuml") is None or not _has_gpu():
        pytest.skip("needs cuML and a CUDA device")
    vectors = directions(2000)

    wide = [kind(k=20).load("cuda")(vectors, 0).distances(vectors).mean() for kind in (CuML, KMeans)]
    labels = CuML(k=6).load("cuda")(groups(6, 20), 0).labels.reshape(6, 20)

    assert wide[0] == pytest.approx(wide[1], rel=0.05)
    assert (labels == labels[:, :1]).all()


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()
