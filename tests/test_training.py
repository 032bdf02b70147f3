"""The example training of docs/training.md, on shards that take the quickstart's place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.data.made import made_dataset, write_clips
from vidcurate.store.files import Store

TEXT = (Path(__file__).parents[1] / "docs" / "training.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.filterwarnings(
    "ignore:The '.*_dataloader' does not have many workers",  # the clips are tiny
    "ignore:You passed in a `val_dataloader` but have no `validation_step`",  # the dataset has nothing to evaluate
    "ignore:.*LeafSpec.* is deprecated:FutureWarning",  # of PyTorch, in what Lightning makes of batches
    "ignore:Checkpoint directory .* exists and is not empty",  # the resumed run writes beside the first
)
def test_the_example_trains_and_is_resumed_amid_an_epoch(tmp_path, monkeypatch):
    made_dataset(Store(str(tmp_path / "outputs" / "quickstart")), write_clips(tmp_path / "raw", 12))
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "example"}

    for block in BLOCKS:
        exec(compile(block, "docs/training.md", "exec"), names)  # that is the test

    assert len(BLOCKS) == 2
    assert len(names["whole"].shown) == 8
    assert names["tail"].shown == names["whole"].shown[4:]
    assert len(set(names["whole"].shown)) == 8  # amid an epoch of 12 clips
