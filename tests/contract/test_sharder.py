"""What every sharder promises, whatever it writes."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace

import pytest

from tests.sharder.made import made_samples, packed, three_shapes
from vidcurate.registry import build, registered, target
from vidcurate.sharder.base import Sharder
from vidcurate.sharder.samples import Samples
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

    shards = packed(sharder, store, samples)

    assert sum(shard.num_samples for shard in shards) == len(samples)
    for file in (file for shard in shards for file in shard.files):
        data = store.read(file.key)
        assert file.key.startswith(f"{sharder.folder}/")
        assert (file.num_bytes, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_equal_sharders_write_equal_bytes_in_whatever_order_samples_come(sharder, tmp_path):
    store, other = Store(str(tmp_path / "a")), Store(str(tmp_path / "b"))

    shards = packed(sharder, store, made_samples(store))
    again = packed(pickle.loads(pickle.dumps(sharder)), other, made_samples(other)[::-1])

    assert again == shards
    assert everything(other, sharder) == everything(store, sharder)


def test_sizes_of_many_are_those_of_each(sharder, tmp_path):
    store = Store(str(tmp_path))
    plain, portrait, long = three_shapes(store)
    wide = replace(plain, key="ключ", metadata={"größe": 'a "b"', "windows": []})
    huge = replace(long, key="k" * 98, num_bytes=9 * 2**30, caption="ä" * 700)
    samples = [plain, portrait, wide, huge, replace(long, key="k" * 95)]

    assert sharder.sizes(Samples.of(samples)).tolist() == [sharder.size(sample) for sample in samples]
    assert sharder.sizes(Samples.of([])).tolist() == []


def test_no_samples_make_no_shards(sharder, tmp_path):
    assert packed(sharder, Store(str(tmp_path)), []) == []


def test_nothing_is_left_in_the_making(sharder, tmp_path):
    store = Store(str(tmp_path))

    packed(sharder, store, made_samples(store, 1))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["clips", sharder.folder.split("/")[0]]
