from __future__ import annotations

import importlib.util
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from vidcurate.errors import MissingExtra
from vidcurate.model.openvino import compiled, installed


class Sums(nn.Module):
    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        sums = pixels.float().sum(dim=2)
        return torch.stack([sums, 2 * sums])


def test_a_module_gives_what_torch_gives_whatever_the_batch():
    pytest.importorskip("openvino")
    items = np.random.default_rng(0).integers(0, 256, (3, 4, 5), np.uint8)

    answers = compiled(Sums(), (4, 5), "fp32")(items)

    np.testing.assert_array_equal(answers, Sums()(torch.from_numpy(items)).numpy())  # small whole numbers


def test_its_use_is_not_reported_to_its_maker():
    pytest.importorskip("openvino")
    script = (
        "from vidcurate.model.openvino import compiled; import sys, torch;"
        "compiled(torch.nn.ReLU(), (4,), 'fp32'); assert sys.modules['openvino_telemetry'] is None"
    )

    subprocess.run([sys.executable, "-c", script], check=True)


def test_it_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    assert not installed()
    with pytest.raises(MissingExtra, match=r"vidcurate\[cpu\]"):
        compiled(Sums(), (4, 5), "fp32")
