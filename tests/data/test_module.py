from __future__ import annotations

import importlib
import json
from itertools import islice
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
import torch

from tests.data import ranks
from tests.data.made import made_dataset, made_samples
from tests.sharder.made import packed_apart
from vidcurate.errors import ConfigError, DecodeError
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.store.files import Store

if TYPE_CHECKING:
    from vidcurate.data import VideoData

KEYS = [f"clip-{number:02d}" for number in range(11)]
FORK = "ignore:This process .* is multi-threaded, use of fork"  # PyTorch's workers are forks; Python 3.12 says so
QUIET = pytest.mark.filterwarnings(
    FORK,
    "ignore:The '.*_dataloader' does not have many workers",  # the clips are tiny
    "ignore:You passed in a `val_dataloader` but have no `validation_step`",  # the datasets have nothing to evaluate
    "ignore:.*LeafSpec.* is deprecated:FutureWarning",  # of PyTorch, in what Lightning makes of batches
    "ignore:Checkpoint directory .* exists and is not empty",  # resumed runs write beside the first
)


@pytest.fixture(scope="module")
def models() -> ModuleType:
    """Models and their trainers; imported late, for Lightning takes seconds."""
    return importlib.import_module("tests.data.models")


def data_of(store: Store, **options) -> VideoData:
    from vidcurate.data import VideoData

    return VideoData(**{"path": store.root, "batch_size": 3, "frames": 2} | options)


def keys(batches) -> list[list[str]]:
    return [batch["key"] for batch in batches]


@pytest.fixture(scope="module")
def whole(dataset) -> list[list[str]]:
    """What three epochs show, undisturbed."""
    loader = data_of(dataset).train_dataloader()
    return [batch for _ in range(3) for batch in keys(loader)]


def test_every_epoch_shows_each_clip_once_in_an_order_of_its_own(whole):
    epochs = [[key for batch in whole[first : first + 4] for key in batch] for first in (0, 4, 8)]

    assert [sorted(epoch) for epoch in epochs] == [KEYS] * 3
    assert epochs[0] != epochs[1] != epochs[2]


@pytest.mark.filterwarnings(FORK)
@pytest.mark.parametrize("workers", [0, 2])
def test_a_resumed_epoch_is_the_exact_tail_whatever_was_read_ahead(dataset, whole, workers):
    data = data_of(dataset, num_workers=workers)
    loader = data.train_dataloader()
    first = keys(loader) + keys(islice(loader, 2))
    state = json.loads(json.dumps(data.state_dict()))

    again = data_of(dataset, num_workers=workers)
    again.load_state_dict(state)
    tail = again.train_dataloader()

    assert first == whole[:6]
    assert (state["epoch"], state["batches"]) == (1, 2)
    assert len(tail) == 4
    assert keys(tail) + keys(tail) == whole[6:]


def test_a_resumed_epoch_reads_only_its_tail(dataset, whole, monkeypatch):
    data = data_of(dataset, window=1)
    list(islice(data.train_dataloader(), 3))
    again = data_of(dataset, window=1)
    again.load_state_dict(data.state_dict())
    opened = []
    read = again._shards.table
    monkeypatch.setattr(again._shards, "table", lambda shard: opened.append(shard.path) or read(shard))

    [batch] = again.train_dataloader()

    assert len(batch["key"]) == 2
    assert len(set(opened)) == 1  # of three shards


def test_an_epoch_can_be_chosen(dataset, whole):
    data = data_of(dataset)
    data.set_epoch(2)

    assert keys(data.train_dataloader()) == whole[8:]


@pytest.mark.slow
@QUIET
@pytest.mark.parametrize(
    ("saved", "workers"), [(3, 0), (4, 0), (6, 2)], ids=["amid an epoch", "at its end", "amid the next"]
)
def test_a_trainer_goes_on_where_it_was_stopped(models, dataset, whole, tmp_path, saved, workers):
    every = {"every_n_train_steps": saved, "filename": "{step}"}
    models.trainer(tmp_path, max_steps=saved, **models.saving(tmp_path, **every)).fit(
        models.Memory(), data_of(dataset, num_workers=workers)
    )

    model = models.Memory()
    resumed = models.trainer(tmp_path, max_epochs=3, **models.saving(tmp_path, **every))
    resumed.fit(model, data_of(dataset, num_workers=workers), ckpt_path=tmp_path / f"step={saved}.ckpt")

    assert model.shown == whole[saved:]


@QUIET
def test_a_batch_amid_its_step_when_training_fails_is_shown_again(models, dataset, whole, tmp_path):
    run = models.trainer(tmp_path, max_epochs=3)
    data = data_of(dataset)
    with pytest.raises(RuntimeError, match="the machine fails"):
        run.fit(models.Memory(failing=5), data)

    run.state.fn = "fit"
    assert data.state_dict() | {"order": ""} == {"epoch": 1, "batches": 1, "order": ""}


@QUIET
def test_epochs_that_the_trainer_cuts_short_are_over(models, dataset, whole, tmp_path):
    every = {"every_n_epochs": 1, "filename": "{epoch}"}
    model = models.Memory()
    models.trainer(tmp_path, max_epochs=1, limit_train_batches=2, **models.saving(tmp_path, **every)).fit(
        model, data_of(dataset)
    )

    resumed = models.trainer(tmp_path, max_epochs=3, limit_train_batches=2, **models.saving(tmp_path, **every))
    resumed.fit(model, data_of(dataset), ckpt_path=tmp_path / "epoch=0.ckpt")

    assert model.shown == whole[0:2] + whole[4:6] + whole[8:10]


@pytest.mark.parametrize("changed", [{"batch_size": 2}, {"seed": 1}, {"where": {"duration": (0, 5)}}])
def test_a_state_of_another_order_is_refused(dataset, changed):
    state = data_of(dataset).state_dict()

    with pytest.raises(ConfigError, match="the state is of another order"):
        data_of(dataset, **changed).load_state_dict(state)


@pytest.mark.filterwarnings(FORK)
def test_two_ranks_see_each_clip_once(dataset, tmp_path):
    options = {"nprocs": 2, "start_method": "fork"}  # spares each rank the import of Lightning
    torch.multiprocessing.start_processes(ranks.look, (2, dataset.root, str(tmp_path)), **options)

    seen = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)]

    for epoch in range(2):
        assert sorted(seen[0][epoch] + seen[1][epoch]) == KEYS
        assert min(len(seen[0][epoch]), len(seen[1][epoch])) >= 5


def test_filters_leave_out_what_has_no_caption_or_lies_out_of_bounds(dataset):
    data = data_of(dataset, where={"duration": (2, 8), "score_motion": (None, 0.7)}, min_caption=1)

    shown = [key for batch in data.train_dataloader() for key in batch["key"]]

    assert sorted(shown) == ["clip-03", "clip-04", "clip-06", "clip-07"]  # 2 and 5 have no caption


def test_batches_have_clips_of_one_bin_at_its_size(clips, tmp_path):
    store = made_dataset(Store(str(tmp_path)), clips, tall=(0, 3, 4, 8))
    data = data_of(store, bucket=["aspect"], height=16, width=32, sizes={"9_16": (32, 16)})

    batches = list(data.train_dataloader())

    shapes = {tuple(batch["video"].shape[-2:]): set() for batch in batches}
    for batch in batches:
        shapes[tuple(batch["video"].shape[-2:])] |= set(batch["key"])
    assert shapes[32, 16] == {"clip-00", "clip-03", "clip-04", "clip-08"}
    assert shapes[16, 32] == set(KEYS) - shapes[32, 16]
    with pytest.raises(ConfigError, match=r"bucket=\('duration',\): shards are binned by aspect"):
        data_of(store, bucket=["duration"]).train_dataloader()


def test_clips_of_different_lengths_come_as_a_list(dataset):
    batch = next(iter(data_of(dataset, frames=None, fps=8, shuffle=False, batch_size=3).train_dataloader()))

    lengths = [12 + int(key[-2:]) % 3 for key in batch["key"]]
    assert [len(video) for video in batch["video"]] == lengths
    assert len(set(lengths)) > 1


def test_broken_clips_shorten_their_batches_and_are_counted(clips, tmp_path):
    broken = [b"no video" if number in (1, 2, 3) else clip for number, clip in enumerate(clips[:6])]
    store = made_dataset(Store(str(tmp_path)), broken)

    shortened, alone = data_of(store), data_of(store, batch_size=1, shuffle=False)
    shown = [key for batch in shortened.train_dataloader() for key in batch["key"]]
    batches = keys(alone.train_dataloader())

    assert set(shown) >= {"clip-00", "clip-04", "clip-05"}
    assert shortened.broken >= 3
    assert len(batches) == 6  # others stand in, so that a rank takes as many steps as the others
    assert {key for [key] in batches} == {"clip-00", "clip-04", "clip-05"}


def test_a_dataset_of_broken_clips_is_an_error(tmp_path):
    store = made_dataset(Store(str(tmp_path)), [b"no video"] * 2)

    with pytest.raises(DecodeError, match="none of the 1 batches of epoch 0 has a clip that can be decoded"):
        list(data_of(store).train_dataloader())


@QUIET
def test_val_and_test_are_read_from_a_url_in_order(models, clips, tmp_path):
    store = Store(f"memory://{tmp_path.name}")
    samples = made_samples(store, clips[:6])
    packed_apart(WebDataset(), store, train=samples[:2], val=samples[2:4], test=samples[4:])
    data = data_of(store, path=store.url, batch_size=1, frames=1)
    model = models.Evaluated()

    models.trainer(tmp_path, max_epochs=1, num_sanity_val_steps=0).fit(model, data)

    assert sorted(model.shown) == [["clip-00"], ["clip-01"]]
    assert model.evaluated == keys(data.val_dataloader()) == [["clip-02"], ["clip-03"]]
    assert keys(data.test_dataloader()) == [["clip-04"], ["clip-05"]]


def test_a_dataset_without_a_split_has_nothing_to_evaluate(dataset):
    assert data_of(dataset).val_dataloader() == data_of(dataset).test_dataloader() == []


def test_settings_that_cannot_be_met_are_refused(dataset):
    with pytest.raises(ConfigError, match="device='cuda', num_workers=2: a GPU decodes where one trains"):
        data_of(dataset, device="cuda", num_workers=2)
    with pytest.raises(ConfigError, match="on_error='ignore': expected one of skip, raise"):
        data_of(dataset, on_error="ignore")
    with pytest.raises(ConfigError, match="of 11 clips of train, 0 are wanted, too few for a batch"):
        data_of(dataset, min_caption=1000).train_dataloader()
