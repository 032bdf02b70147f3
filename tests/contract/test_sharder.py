"""What every sharder promises, whatever it writes."""

from __future__ import annotations

import hashlib
import pickle

import pytest

from tests.sharder.made import made_samples, three_shapes
from vidcurate.registry import build, registered, target
from vidcurate.sharder.base import Sharder
from vidcurate.store.files import Store


@pytest.fixture(params=sorted(registered("sharder")))
def sharder(request) -> Sharder:
    return registered("sharder")[request.param]()


def everything(store: Store, sharder: Sharder) -> dict[str, bytes]:
    return {key: store.read(key) for key in store.keys(sharder.folder)}


def test_a_sharder_is_a_small_value(sharder):
    copy = pickle.loads(pickle.dumps(sharder))

    assert copy == sharder
    assert hash(copy) == hash(sharder)
    assert len(pickle.dumps(sharder)) < 2000
    assert build("sharder", "sharder", {"_target_": target(type(sharder))}) == sharder


def test_every_sample_is_in_one_shard_and_the_records_tell_the_truth(sharder, tmp_path):
    store = Store(str(tmp_path))
    samples = three_shapes(store)

    shards = sharder.load("cpu")(store, samples)

    assert sum(shard.num_samples for shard in shards) == len(samples)
    assert [shard.key for shard in shards] == sorted(shard.key for shard in shards)
    for shard in shards:
        data = store.read(shard.key)
        assert shard.key.startswith(f"{sharder.folder}/")
        assert (shard.num_bytes, shard.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_equal_sharders_write_equal_bytes_in_whatever_order_samples_come(sharder, tmp_path):
    store, other = Store(str(tmp_path / "a")), Store(str(tmp_path / "b"))

    shards = sharder.load("cpu")(store, made_samples(store))
    again = pickle.loads(pickle.dumps(sharder)).load("cpu")(other, made_samples(other)[::-1])

    assert again == shards
    assert everything(other, sharder) == everything(store, sharder)


def test_no_samples_make_no_shards(sharder, tmp_path):
    assert sharder.load("cpu")(Store(str(tmp_path)), []) == []


def test_nothing_is_left_in_the_making(sharder, tmp_path):
    store = Store(str(tmp_path))

    sharder.load("cpu")(store, made_samples(store, 1))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["clips", sharder.folder.split("/")[0]]
