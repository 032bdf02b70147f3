"""What was named once is not read again; what may have changed is."""

from __future__ import annotations

import os
import time
from pathlib import Path

import fsspec
import pytest

from vidcurate.source.folder import Folder
from vidcurate.source.list import ListFile
from vidcurate.stage import inputs as inputs_module
from vidcurate.stage.inputs import identify
from vidcurate.stage.named import KEY, read_named, write_named
from vidcurate.store.files import Store

LONG_AGO = 1_000_000_000


@pytest.fixture
def videos(tmp_path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        (folder / name).write_bytes(name.encode())
        os.utime(folder / name, (LONG_AGO, LONG_AGO))
    return folder


@pytest.fixture
def hashed(monkeypatch) -> list[str]:
    """Names of the files that are hashed from here on."""
    names: list[str] = []
    video_id = inputs_module.video_id

    def counted(path: str, *, full: bool) -> tuple[str, int]:
        names.append(Path(path).name)
        return video_id(path, full=full)

    monkeypatch.setattr(inputs_module, "video_id", counted)
    return names


def again(source, store: Store):
    """As a run does it, in a process that knows nothing but the store."""
    known = read_named(store)
    found = identify(source, known)
    write_named(store, known, found.known, ())
    return found


def test_what_was_named_is_not_read_again_and_gives_the_same(videos, tmp_path, hashed):
    source, store = Folder(path=str(videos)), Store(str(tmp_path / "o"))
    first = again(source, store)
    assert sorted(hashed) == ["a.mp4", "b.mp4", "c.mp4"]
    hashed.clear()

    second = again(source, store)

    assert hashed == []
    assert second == first
    assert first.videos == identify(source).videos


def test_only_what_has_changed_is_hashed(videos, tmp_path, hashed):
    source, store = Folder(path=str(videos)), Store(str(tmp_path / "o"))
    before = again(source, store)
    hashed.clear()

    (videos / "a.mp4").write_bytes(b"A.mp4")  # same size, another time
    os.utime(videos / "a.mp4", (LONG_AGO + 1, LONG_AGO + 1))
    (videos / "b.new").write_bytes(b"B.mp4")  # same size and time, another file
    os.utime(videos / "b.new", (LONG_AGO, LONG_AGO))
    (videos / "b.new").replace(videos / "b.mp4")
    after = again(source, store)

    assert sorted(hashed) == ["a.mp4", "b.mp4"]
    assert [one.id != other.id for one, other in zip(before.videos, after.videos, strict=True)] == [True, True, False]
    assert after.videos == identify(source).videos


def test_a_file_that_has_just_been_changed_is_hashed_again(videos, tmp_path, hashed):
    source, store = Folder(path=str(videos)), Store(str(tmp_path / "o"))
    (videos / "a.mp4").touch()
    again(source, store)
    hashed.clear()

    again(source, store)

    assert hashed == ["a.mp4"]


def test_ids_of_all_bytes_are_told_apart_from_others(videos, tmp_path, hashed):
    store = Store(str(tmp_path / "o"))
    again(Folder(path=str(videos)), store)
    hashed.clear()

    again(Folder(path=str(videos), full_hash=True), store)

    assert len(hashed) == 3


@pytest.mark.parametrize("content", [b"", b"no parquet", None], ids=["empty", "garbage", "missing"])
def test_without_a_sound_cache_everything_is_hashed_anew(videos, tmp_path, hashed, content):
    source, store = Folder(path=str(videos)), Store(str(tmp_path / "o"))
    first = again(source, store)
    hashed.clear()
    if content is None:
        store.remove(KEY)
    else:
        store.write(KEY, content)

    assert again(source, store) == first
    assert len(hashed) == 3
    hashed.clear()
    again(source, store)
    assert hashed == []


def test_a_list_and_a_remote_folder_are_remembered_too(videos, tmp_path, hashed):
    listed = tmp_path / "list.txt"
    listed.write_text(f"{videos}/a.mp4\nvideos/b.mp4\nvideos/b.mp4\nvideos/none.mp4\n")
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/test_named/a.mp4", b"a")
    memory.store["/test_named/a.mp4"].created = memory.created("/test_named/a.mp4").replace(year=2001)

    for source in (ListFile(path=str(listed)), Folder(path="memory://test_named")):
        store = Store(str(tmp_path / source.name))
        first = again(source, store)
        hashed.clear()
        assert again(source, store) == first
        assert hashed == ["none.mp4"] * (source.name == "list")


def test_what_is_barred_is_forgotten(videos, tmp_path):
    store = Store(str(tmp_path / "o"))
    found = again(Folder(path=str(videos)), store)

    write_named(store, read_named(store), found.known, {found.videos[0].id})

    assert sorted(read_named(store)) == ["b.mp4", "c.mp4"]


def test_two_thousand_known_inputs_cost_a_fraction_of_a_second_of_cpu(tmp_path):
    videos = tmp_path / "videos"
    for number in range(2_000):
        if not number % 100:
            (videos / f"{number:05d}").mkdir(parents=True)
        path = videos / f"{number // 100 * 100:05d}" / f"{number}.mp4"
        path.write_bytes(str(number).encode())
        os.utime(path, (LONG_AGO, LONG_AGO))
    source, store = Folder(path=str(videos)), Store(str(tmp_path / "o"))
    again(source, store)

    began = time.process_time()
    found = again(source, store)
    spent = time.process_time() - began

    assert len(found.videos) == 2_000
    assert spent < 0.5  # 0.05 measured; hashing them takes 2
