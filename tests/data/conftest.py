from __future__ import annotations

import pytest

from tests.data.made import made_dataset, write_clips
from vidcurate.store.files import Store


@pytest.fixture(scope="session")
def clips(tmp_path_factory) -> list[bytes]:
    """Eleven small clips."""
    return write_clips(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="session")
def dataset(clips, tmp_path_factory) -> Store:
    """They in three shards; nobody may change them."""
    return made_dataset(Store(str(tmp_path_factory.mktemp("dataset"))), clips)
