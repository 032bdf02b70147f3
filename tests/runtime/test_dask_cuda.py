from __future__ import annotations

import pytest

from tests.test_pipeline import FAST
from vidcurate import curate
from vidcurate.errors import ConfigError
from vidcurate.runtime.dask_cuda import DaskCUDA
from vidcurate.source.sample import Sample


def test_without_a_gpu_nothing_is_begun(tmp_path):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")

    with pytest.raises(ConfigError, match="runtime=dask_cuda needs an Nvidia GPU, and torch sees none"):
        curate(FAST, source=Sample(), out=str(tmp_path / "out"), runtime=DaskCUDA())

    assert not (tmp_path / "out").exists()


@pytest.mark.gpu
def test_every_gpu_works(tmp_path):
    import torch

    pytest.importorskip("dask_cuda", reason="needs vidcurate[gpu]")
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")

    assert sorted(DaskCUDA().map(abs, range(-3, 0))) == [1, 2, 3]
