from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from tests.s3 import s3_server
from vidcurate.errors import StoreError
from vidcurate.source.folder import Folder
from vidcurate.source.identity import video_id
from vidcurate.store import lease
from vidcurate.store.files import Store
from vidcurate.store.holder import this_run
from vidcurate.store.options import Storage, current, use


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with s3_server(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture(autouse=True)
def storage(endpoint, tmp_path):
    before = current()
    use(Storage(options={"s3": {"endpoint_url": endpoint}}, scratch=str(tmp_path / "scratch")))
    yield
    use(before)


def test_a_key_is_created_once_whoever_else_tries():
    def create(number: int) -> bool:
        return Store("s3://bucket/leases").create("lock", f"by {number}".encode())

    with ThreadPoolExecutor(8) as pool:
        tries = list(pool.map(create, range(8)))

    assert sorted(tries) == [False] * 7 + [True]
    assert Store("s3://bucket/leases").read("lock") == f"by {tries.index(True)}".encode()


def test_a_key_that_was_there_and_is_gone_by_now_is_not_created(monkeypatch):
    store = Store("s3://bucket/gone")
    store.write("lock", b"theirs")
    pipe_file = store.fs.pipe_file

    def refused(*args, **kwargs):
        try:
            pipe_file(*args, **kwargs)
        finally:
            store.remove("lock")  # its owner ends

    with monkeypatch.context() as patch:
        patch.setattr(store.fs, "pipe_file", refused)
        assert not store.create("lock", b"ours")
    assert store.create("lock", b"ours")


KEYS = (
    "a b.mp4", "é-日本.mp4", "c#1.mp4", "what?.mp4", "50%.mp4", "50%25.mp4", "a+b.mp4", "cam::2.mp4", "[x]*.mp4",
    "d/e//f.mp4", "g&h=i.mp4", "~.mp4", "j'k\".mp4",
)  # fmt: skip


def test_keys_are_taken_as_they_are(tmp_path):
    store = Store("s3://bucket/odd? [x]* #1 50% a+b::c é/")
    for key in KEYS:
        store.write(f"in/{key}", key.encode())
        store.write("in/other.mp4", b"other")

    assert store.keys("in") == sorted(f"in/{key}" for key in (*KEYS, "other.mp4"))
    for key in KEYS:
        assert store.read(f"in/{key}") == key.encode()
        assert store.fs.open(store.path(f"in/{key}"), "rb").read() == key.encode()
        assert store.fetch(f"in/{key}", tmp_path).read_bytes() == key.encode()
        store.move(f"in/{key}", f"out/{key}")
        assert store.read(f"out/{key}") == key.encode()
        store.remove(f"out/{key}")
        assert not store.exists(f"out/{key}")
    assert store.keys("in") == ["in/other.mp4"]
    assert store.keys("out") == []
    store.remove("in")
    assert not store.exists("in")


@pytest.mark.parametrize("key", KEYS)
def test_sources_have_any_name(key):
    Store("s3://bucket/raw").write(key, key.encode() * 99)

    found = next(entry for entry in Folder(path="s3://bucket/raw").inputs() if entry.uri == key)

    assert found.path == f"s3://bucket/raw/{key}"
    assert video_id(found.path)[1] == len(key.encode()) * 99
    Store("s3://bucket/raw").remove(key)


WRITER = """
import sys
from vidcurate.store.files import Store
from vidcurate.store.options import Storage, use
use(Storage(options={"s3": {"endpoint_url": sys.argv[1]}}))
Store("s3://bucket/shared").write(sys.argv[2], b"theirs")
"""


def test_what_another_process_writes_is_seen_at_once(endpoint):
    store = Store("s3://bucket/shared")
    store.write("folder/a.bin", b"ours")
    assert store.keys("folder") == ["folder/a.bin"]
    assert not store.exists("folder/b.bin")
    assert not store.exists("later")

    for key in ("folder/b.bin", "later/c.bin"):
        subprocess.run([sys.executable, "-c", WRITER, endpoint, key], check=True)

    assert store.keys("folder") == ["folder/a.bin", "folder/b.bin"]
    assert store.exists("folder/b.bin")
    assert store.exists("later")
    assert store.folders() == ["folder", "later"]


@pytest.mark.slow
def test_large_files_go_up_in_parts_and_those_that_are_cut_off_leave_nothing(tmp_path, monkeypatch):
    import s3fs

    store, size = Store("s3://bucket/large"), 101 * 2**20
    content = np.random.default_rng(0).integers(0, 256, size, np.uint8).tobytes()
    (tmp_path / "big.tar").write_bytes(content)
    sent: list[str] = []
    call = s3fs.S3FileSystem._call_s3

    async def watched(self, method, *args, **kwargs):
        sent.append(method)
        if method == "upload_part" and fails and kwargs["PartNumber"] == 2:
            raise PermissionError("cut off")
        return await call(self, method, *args, **kwargs)

    monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", watched)
    fails = True
    with pytest.raises(StoreError, match="cut off"):
        store.put(tmp_path / "big.tar", "big.tar")
    assert store.keys("") == []

    fails = False
    store.put(tmp_path / "big.tar", "big.tar")

    assert {"create_multipart_upload", "upload_part", "complete_multipart_upload"} <= set(sent)
    assert not (tmp_path / "big.tar").exists()
    with store.fs.open(store.path("big.tar"), "rb") as file:
        assert hashlib.file_digest(file, "sha256").digest() == hashlib.sha256(content).digest()
    assert store.fetch("big.tar", tmp_path).read_bytes() == content


def test_a_bucket_that_is_not_there_is_an_error_that_names_it():
    with pytest.raises(StoreError, match=r"s3://nosuchbucket/out/a cannot be written .*bucket"):
        Store("s3://nosuchbucket/out").write("a", b"")


def test_a_lease_is_held_by_one_at_a_time_and_taken_over_from_the_dead(monkeypatch):
    monkeypatch.setattr(lease, "POLL", 0.05)
    store = Store("s3://bucket/leased")
    dead = replace(this_run([]), token="dead", started=1)
    assert store.create("_lease/_000001.json", dead.encode())
    inside: list[int] = []
    most: list[int] = []

    def hold(number: int) -> None:
        with lease.leased(Store("s3://bucket/leased"), [], 60):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    threads = [threading.Thread(target=hold, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [1] * 4
    assert not store.exists("_lease")
