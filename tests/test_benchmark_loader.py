from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
import torch

from tests.data.made import made_dataset, write_clips
from vidcurate.store.files import Store
from vidcurate.video.reread import torchcodec_decoder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(  # webdataset leaves the tars open that it has read
        "ignore:unclosed file:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    ),
]


@pytest.fixture
def loader() -> ModuleType:
    """The program; imported late, for Lightning takes seconds."""
    return importlib.import_module("benchmarks.loader")


@pytest.fixture
def dataset(tmp_path, monkeypatch) -> Iterator[str]:
    if torchcodec_decoder() is None:
        pytest.skip("torchcodec does not load: FFmpeg's shared libraries are not installed")
    threads = torch.get_num_threads()
    made_dataset(Store(str(tmp_path)), write_clips(tmp_path / "raw"))
    monkeypatch.setattr(sys, "argv", ["loader.py", str(tmp_path), "--repeat", "1", "--size", "16"])
    yield str(tmp_path)
    torch.set_num_threads(threads)


def test_both_loaders_show_the_same_pictures_of_the_same_clips(loader, dataset):
    rows = loader.rows(dataset, 16)

    plain = torch.cat(rows["decoded", "webdataset, torchcodec"]())
    ours = torch.cat([batch["video"] for batch in rows["decoded", "VideoData in order"]()])

    assert plain.shape == ours.shape == (11, 16, 3, 16, 16)
    assert torch.equal(plain, ours)


def test_the_program_times_every_row(loader, dataset, capsys):
    loader.main()

    printed = capsys.readouterr().out
    assert "11 clips, median of 1" in printed
    assert [printed.count(kind) for kind in ("decoded", "bytes", "resumed")] == [3, 2, 2]
