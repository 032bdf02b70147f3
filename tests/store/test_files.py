from __future__ import annotations

import multiprocessing
import os
import socket
import time
from pathlib import Path

import pyarrow as pa
import pytest

from vidcurate.store.alive import started
from vidcurate.store.commit import clear, commit, committed, is_current
from vidcurate.store.files import Store
from vidcurate.store.scratch import STALE


def roots(tmp_path: Path) -> list[str]:
    return [str(tmp_path / "root"), (tmp_path / "url root").as_uri(), f"memory://{tmp_path.name}"]


@pytest.fixture(params=range(3), ids=["folder", "file-url", "memory"])
def store(request, tmp_path):
    return Store(roots(tmp_path)[request.param])


def test_what_is_written_is_read_back(store):
    store.write("a/b c/é.bin", b"bytes")
    store.write_json("a/x.json", {"b": 1, "a": "é"})
    store.write_table("t.parquet", pa.table({"n": [1, 2]}))

    assert store.read("a/b c/é.bin") == b"bytes"
    assert store.read_json("a/x.json") == {"a": "é", "b": 1}
    assert store.read_table("t.parquet").to_pydict() == {"n": [1, 2]}
    assert store.keys("a") == ["a/b c/é.bin", "a/x.json"]


def test_a_key_is_created_once(store):
    assert store.create("locks/one", b"mine")
    assert not Store(store.url).create("locks/one", b"yours")
    assert store.read("locks/one") == b"mine"
    store.remove("locks/one")
    assert store.create("locks/one", b"yours")
    assert store.read("locks/one") == b"yours"


def test_a_key_whose_folder_goes_at_that_moment_is_not_created(tmp_path, monkeypatch):
    store, link = Store(str(tmp_path)), Path.hardlink_to

    def after_removal(goal, staged):
        goal.parent.rmdir()  # by its last owner, who ends
        link(goal, staged)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "hardlink_to", after_removal)
        assert not store.create("locks/one", b"ours")
    assert store.create("locks/one", b"ours")


def test_a_missing_folder_has_no_keys(store):
    assert store.keys("nothing") == []
    assert not store.exists("nothing/at all")


def test_sizes_are_those_of_keys_without_hidden_and_private_files(store):
    for key, data in {"a/b.bin": b"12", "a/c/d.bin": b"345", "a/.hidden": b"6", "a/_private": b"78"}.items():
        store.write(key, data)

    assert store.keys("a") == ["a/b.bin", "a/c/d.bin"]
    assert store.sizes("a") == {"a/b.bin": 2, "a/c/d.bin": 3}
    assert store.sizes("nothing") == {}


def test_moving_and_removing_what_is_not_there_does_nothing(store):
    store.move("no", "where")
    store.remove("no")

    assert not store.exists("where")


def test_a_finished_local_file_is_put_in_place(store):
    with store.staging() as folder:
        (folder / "clip.mp4").write_bytes(b"media")
        store.put(folder / "clip.mp4", "clips/clip.mp4")

    assert store.read("clips/clip.mp4") == b"media"
    assert not folder.exists()


def test_a_killed_write_leaves_nothing_under_the_key(tmp_path, monkeypatch):
    store = Store(str(tmp_path))
    store.write("a.json", b"old")

    def killed(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        store.write("a.json", b"new")

    assert store.read("a.json") == b"old"
    assert store.keys("") == ["a.json"]


def test_sweeping_removes_the_staging_of_dead_processes_only(tmp_path):
    store = Store(str(tmp_path))
    with store.staging() as alive:
        dead = alive.with_name(alive.name.replace(f"-{os.getpid()}-", "-999999-"))
        dead.mkdir()

        store.sweep()

        assert alive.exists()
        assert not dead.exists()


def die_staging(root: str) -> None:
    with Store(root).staging():
        os._exit(9)


def test_a_killed_process_that_nobody_has_looked_after_is_dead_too(tmp_path):
    orphan = multiprocessing.get_context("fork").Process(target=die_staging, args=(str(tmp_path),))
    orphan.start()
    os.waitid(os.P_PID, orphan.pid, os.WEXITED | os.WNOWAIT)  # and leaves it as it is: a zombie
    assert len(list(tmp_path.iterdir())) == 1

    Store(str(tmp_path)).sweep()

    assert list(tmp_path.iterdir()) == []
    orphan.join()


def test_a_process_that_has_the_number_of_a_dead_one_keeps_nothing_of_it(tmp_path):
    store = Store(str(tmp_path))
    with store.staging() as alive:
        own = alive.name
        earlier = alive.with_name(own.replace(f"-{started(os.getpid())}-", f"-{started(os.getpid()) - 1}-"))
        earlier.mkdir()

        store.sweep()

        assert [path.name for path in tmp_path.iterdir()] == [own]


def test_what_another_machine_has_left_goes_after_a_day(tmp_path):
    old, young = (tmp_path / f".staging-{socket.gethostname()}-2-1-77-{name}" for name in ("old", "young"))
    for folder in (old, young):
        folder.mkdir()
    os.utime(old, (0, time.time() - STALE - 60))

    Store(str(tmp_path)).sweep()

    assert list(tmp_path.iterdir()) == [young]


def test_a_commit_is_current_for_its_own_fingerprint_only(store):
    store.write("part/data.bin", b"1")
    commit(store, "part", "abc", rows=3)

    assert is_current(store, "part", "abc")
    assert not is_current(store, "part", "xyz")
    assert committed(store, "part") == {"fingerprint": "abc", "rows": 3}
    assert store.keys("part") == ["part/data.bin"]

    clear(store, "part")

    assert committed(store, "part") == {}
    assert store.keys("part") == []
