from __future__ import annotations

import subprocess
from pathlib import Path

from tests.sharder.made import made_samples, packed
from vidcurate.sharder.checksums import write_checksums
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.store.files import Store

FOLDER = "webdataset/v0"


def test_sha256sum_checks_every_file_but_the_commit_record(tmp_path):
    store = Store(str(tmp_path))
    shards = packed(WebDataset(), store, made_samples(store))
    store.write(f"{FOLDER}/.nv-meta/.info.json", b"{}")

    write_checksums(store, FOLDER, shards)

    folder = Path(store.path(FOLDER))
    said = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=True)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {line.removesuffix(": OK") for line in said.stdout.splitlines()} == files - {"SHA256SUMS", "_commit.json"}
    assert "resolution_720/aspect_ratio_16_9/duration_5_10/000000.tar" in files
    before = store.read(f"{FOLDER}/SHA256SUMS")
    write_checksums(store, FOLDER, shards)
    assert store.read(f"{FOLDER}/SHA256SUMS") == before


def test_a_flipped_bit_is_found(tmp_path):
    store = Store(str(tmp_path))
    [shard] = packed(WebDataset(bins=()), store, made_samples(store, 1))
    write_checksums(store, FOLDER, [shard])
    tar = Path(store.path(shard.files[0].key))
    data = bytearray(tar.read_bytes())
    data[600] ^= 1
    tar.write_bytes(data)

    said = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=tar.parent, capture_output=True, text=True, check=False
    )

    assert said.returncode == 1
    assert "000000.tar: FAILED" in said.stdout


def test_shards_that_were_not_hashed_are_not_read_again_for_it(tmp_path):
    store = Store(str(tmp_path))
    shards = packed(WebDataset(checksums=False), store, made_samples(store, 1))
    assert not store.exists(f"{FOLDER}/SHA256SUMS")
    store.write(f"{FOLDER}/SHA256SUMS", b"of an earlier run")

    write_checksums(store, FOLDER, shards)

    assert not store.exists(f"{FOLDER}/SHA256SUMS")
