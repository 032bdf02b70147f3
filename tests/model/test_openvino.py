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
    def forward(self, pixels: torch.Tensor, before: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        sums = pixels.float().sum(dim=2)
        return sums, sums + before


def test_a_module_gives_what_torch_gives():
    pytest.importorskip("openvino")
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 5), np.uint8)
    before = np.arange(12, dtype=np.float32).reshape(3, 4)

    run = compiled(Sums(), [np.zeros_like(pixels), np.zeros_like(before)], "fp32")
    answers = run(pixels, before)

    expected = Sums()(torch.from_numpy(pixels), torch.from_numpy(before))  # small whole numbers
    for answer, values in zip(answers, expected, strict=True):
        np.testing.assert_array_equal(answer, values.numpy())
    again = [answer.copy() for answer in answers]
    run(pixels + 1, before)
    np.testing.assert_array_equal(answers, again)  # answers are the caller's to keep


@pytest.mark.slow
def test_its_use_is_not_reported_to_its_maker():
    pytest.importorskip("openvino")
    script = (
        "from vidcurate.model.openvino import compiled; import numpy, sys, torch;"
        "compiled(torch.nn.ReLU(), [numpy.zeros(4, 'float32')], 'fp32');"
        "assert sys.modules['openvino_telemetry'] is None"
    )

    subprocess.run([sys.executable, "-c", script], check=True)


def test_it_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    assert not installed()
    with pytest.raises(MissingExtra, match=r"vidcurate\[cpu\]"):
        compiled(Sums(), [], "fp32")
