from __future__ import annotations

import tarfile

import pytest

from tests.sharder.made import made_samples, packed
from vidcurate.sharder.dali import dali_index
from vidcurate.sharder.tar import Entry, Member
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.store.files import Store


def test_the_index_is_what_wds2idx_would_find_in_the_tar(tmp_path):
    store = Store(str(tmp_path))
    [shard] = packed(WebDataset(bins=()), store, made_samples(store, 3))

    lines = store.read(shard.files[2].key).decode().splitlines()

    with tarfile.open(store.path(shard.files[0].key)) as tar:
        found = [f"{member.name.split('.')[1]} {member.offset_data} {member.size} {member.name}" for member in tar]
    assert lines == ["v1.2 3", *(" ".join(found[start : start + 3]) for start in (0, 3, 6))]


@pytest.mark.parametrize(
    ("key", "index"),
    [("a", b"v1.2 1\njson 512 2 a.json mp4 1536 9 a.mp4\n"), ("a b", b"v1.1 1\njson 512 2 mp4 1536 9\n")],
)
def test_a_name_with_white_space_is_left_to_the_version_without_names(key, index):
    members = (Member(extension="json", offset=512, size=2), Member(extension="mp4", offset=1536, size=9))

    assert dali_index([Entry(key=key, offset=0, size=2048, members=members)]) == index
