from __future__ import annotations

import pickle

import pyarrow as pa
import pytest

from tests.data.made import made_dataset
from vidcurate.data.shards import Shards, scanned
from vidcurate.errors import MissingInput, ShapeError
from vidcurate.store.files import Store


@pytest.fixture
def remote(clips, tmp_path) -> Store:
    return made_dataset(Store(f"memory://{tmp_path.name}"), clips[:5])


def test_a_dataset_is_found_by_its_root_its_folder_and_its_url(dataset, remote):
    for path in (dataset.root, f"{dataset.root}/webdataset/v0/", remote.url):
        shards = pickle.loads(pickle.dumps(Shards(path)))

        assert [shard.path for shard in shards.listed("train")][:2] == ["000000.tar", "000001.tar"]
        assert shards.listed("val") == ()


def test_a_table_has_every_sample_of_a_shard_in_the_order_of_its_tar(dataset):
    shards = Shards(dataset.root)

    tables = [shards.table(shard) for shard in shards.listed("train")]

    assert [table.num_rows for table in tables] == [shard.num_samples for shard in shards.listed("train")]
    assert pa.concat_tables([table.select(["score_motion"]) for table in tables]).num_rows == 11
    for table, shard in zip(tables, shards.listed("train"), strict=True):
        tar = shards.store.read(shard.path)
        assert not tar[sum(table["size"].to_pylist()) :].strip(b"\0")
        for row in table.to_pylist():
            assert tar[row["offset"] :].startswith(f"{row['key']}.json\0".encode())


def test_a_tar_without_a_side_car_says_the_same_itself(dataset):
    shards = Shards(dataset.root)
    shard = shards.listed("train")[0]

    with shards.store.fs.open(shards.store.path(shard.path), "rb") as file:
        table = scanned(file)

    names = ["key", "offset", "size", "caption", "duration", "score_motion"]
    assert table.select(names).to_pylist() == shards.table(shard).select(names).to_pylist()


def test_captions_beside_the_dataset_take_the_place_of_its_own(remote):
    shard = Shards(remote.url).listed("train")[0]
    keys = Shards(remote.url).table(shard)["key"].to_pylist()
    texts = [f"again {key}" for key in keys]
    place = "webdataset/captions/again/000000.parquet"
    remote.write_table(place, pa.table({"key": keys, "caption": texts}))

    assert Shards(remote.url, "again").table(shard)["caption"].to_pylist() == texts

    remote.write_table(place, pa.table({"key": keys[::-1], "caption": texts}))
    with pytest.raises(ShapeError, match=r"again/000000\.parquet holds captions of other samples"):
        Shards(remote.url, "again").table(shard)


def test_what_is_not_there_is_named(dataset, tmp_path):
    with pytest.raises(MissingInput, match=r"no index\.json there nor in webdataset/v0; run \+experiment=shard"):
        Shards(str(tmp_path))
    with pytest.raises(MissingInput, match="captions/none: there are no captions"):
        Shards(dataset.root, "none")
