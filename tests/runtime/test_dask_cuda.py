from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vidcurate.errors import ConfigError, MissingDevice
from vidcurate.runtime.dask_cuda import DaskCUDA


def has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


@pytest.mark.slow
def test_without_a_gpu_one_line_says_so_before_any_work(tmp_path):
    if has_gpu():
        pytest.skip("there is a GPU")

    settings = ["source=sample", f"out={tmp_path}/out", "runtime=dask_cuda", f"hydra.run.dir={tmp_path}/hydra"]
    ended = subprocess.run(
        [sys.executable, "-m", "vidcurate", "+experiment=split", *settings],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
    )

    assert ended.returncode == MissingDevice.exit_code == 2
    said = "vidcurate: runtime=dask_cuda needs an Nvidia GPU, and torch sees none; choose runtime=processes"
    assert ended.stderr.splitlines() == [said]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("setting", [{"gpus": (-1,)}, {"device_memory_limit": "most"}, {"rmm_pool": "0.5"}])
def test_settings_are_checked(setting):
    with pytest.raises((ConfigError, ValueError), match=next(iter(setting))):
        DaskCUDA(**setting)


@pytest.mark.gpu
def test_every_gpu_works():
    pytest.importorskip("dask_cuda", reason="needs vidcurate[gpu]")
    if not has_gpu():
        pytest.skip("needs a CUDA device")

    assert sorted(DaskCUDA().map(abs, range(-3, 0))) == [1, 2, 3]
