from __future__ import annotations

from collections.abc import Iterator

import pytest

from vidcurate.stage.rewrite import rewrite
from vidcurate.store.commit import committed, is_current
from vidcurate.store.files import Store


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


def write(store: Store, *keys: str, text: bytes = b"") -> Iterator[str]:
    for key in keys:
        store.write(key, text)
        yield key


def test_what_does_not_belong_is_removed_with_the_folders_it_leaves_empty(store, tmp_path):
    rewrite(store, "f", "old", write(store, "f/a/1", "f/b/1", "f/b/2"))
    rewrite(store, "f", "new", write(store, "f/b/2", "f/c/3"), rows=2)

    assert store.keys("f") == ["f/b/2", "f/c/3"]
    assert not (tmp_path / "f" / "a").exists()
    assert committed(store, "f") == {"fingerprint": "new", "rows": 2}


def test_a_folder_whose_writing_was_cut_off_is_not_current(store):
    def cut_off() -> Iterator[str]:
        yield from write(store, "f/1", text=b"new")
        raise KeyboardInterrupt

    rewrite(store, "f", "old", write(store, "f/1", "f/2", text=b"old"))
    with pytest.raises(KeyboardInterrupt):
        rewrite(store, "f", "new", cut_off())

    assert not is_current(store, "f", "old")
    assert not is_current(store, "f", "new")


def test_a_second_job_that_writes_the_same_leaves_no_gap_for_the_first(store):
    seen = []

    def slowly() -> Iterator[str]:
        for key in write(store, "f/1", "f/2"):
            seen.append((store.keys("f"), is_current(store, "f", "same")))
            yield key

    rewrite(store, "f", "same", write(store, "f/1", "f/2"))
    rewrite(store, "f", "same", slowly())

    assert seen == [(["f/1", "f/2"], True)] * 2
