from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.sharder.made import made_samples
from vidcurate.errors import MissingInput, VidcurateError
from vidcurate.sharder.base import Sample
from vidcurate.sharder.tar import BUFFER, CLOSING, headers, member_bytes, write_tar
from vidcurate.store.files import Store

LONG = "k" * 120  # a USTAR header has room for 100
UNICODE = "é clip “1”"


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path / "dataset"))


@pytest.fixture
def samples(store) -> list[Sample]:
    """Clips of all sizes: a full block, one byte more, none, more than the buffer; keys of all kinds."""
    contents = {
        "plain": bytes(512),
        LONG: b"x" * 513,
        UNICODE: b"",
        "large": np.random.default_rng(0).bytes(BUFFER + 7),
    }
    [first] = made_samples(store, 1)
    made = []
    for number, (key, content) in enumerate(contents.items()):
        store.write(f"clips/{number}.mp4", content)
        vector = np.array([number, 0.5, -1.0], np.float32)
        made.append(
            replace(first, key=key, media=f"clips/{number}.mp4", num_bytes=len(content), caption=key, vector=vector)
        )
    return made


def read(path: Path) -> dict[str, tuple[int, bytes]]:
    """Offset and content of every file in a tar, as Python's tarfile sees it."""
    with tarfile.open(path) as tar:
        return {member.name: (member.offset_data, tar.extractfile(member).read()) for member in tar}


@pytest.mark.parametrize("embedding", [False, True])
def test_every_file_lies_where_the_entry_says(store, samples, tmp_path, embedding):
    path = tmp_path / "a.tar"

    entries, sha256 = write_tar(store, samples, path, embedding=embedding)

    data, found, end = path.read_bytes(), read(path), 0
    assert sha256 == hashlib.sha256(data).hexdigest()
    extensions = ["json", "txt", *(["npy"] if embedding else []), "mp4"]
    assert list(found) == [f"{sample.key}.{extension}" for sample in samples for extension in extensions]
    for sample, entry in zip(samples, entries, strict=True):
        assert (entry.key, entry.offset) == (sample.key, end)
        assert entry.size == member_bytes(sample, embedding=embedding)
        for member in entry.members:
            content = data[member.offset : member.offset + member.size]
            assert found[f"{sample.key}.{member.extension}"] == (member.offset, content)
        assert content == store.read(sample.media)
        end = entry.offset + entry.size
    assert data[end:] == bytes(CLOSING)


@pytest.mark.skipif(shutil.which("tar") is None, reason="needs the program tar")
def test_tar_lists_it_without_a_word(store, samples, tmp_path):
    write_tar(store, samples, tmp_path / "a.tar")

    listed = subprocess.run(
        ["tar", "--quoting-style=literal", "-tf", tmp_path / "a.tar"], capture_output=True, text=True, check=True
    )

    assert listed.stderr == ""
    assert listed.stdout.splitlines()[3:7] == [f"{LONG}.json", f"{LONG}.txt", f"{LONG}.mp4", f"{UNICODE}.json"]


def test_a_plain_header_is_the_one_that_tarfile_makes():
    expected = tarfile.TarInfo("clip.mp4")
    expected.size = 123456789

    assert headers("clip.mp4", 123456789) == expected.tobuf(tarfile.USTAR_FORMAT)


@pytest.mark.parametrize(
    ("name", "size", "blocks"),
    [
        ("k" * 100, 2**33 - 1, 1),
        ("k" * 101, 2**33 - 1, 3),
        ("k" * 96, 2**33, 3),
        ("é", 2**33, 3),
        ("k" * 600, 1, 4),  # "609 path=", 600 characters and a newline take two blocks
    ],
)
def test_there_is_an_extended_header_only_where_the_plain_one_has_no_room(name, size, blocks):
    data = headers(name, size)

    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        member = tar.next()
    assert len(data) == 512 * blocks
    assert (member.name, member.size, member.offset_data) == (name, size, len(data))


def test_an_embedding_comes_back_as_it_was(store, samples, tmp_path):
    write_tar(store, samples, tmp_path / "a.tar", embedding=True)

    vector = np.load(io.BytesIO(read(tmp_path / "a.tar")["large.npy"][1]))

    assert vector.dtype == np.float32
    assert vector.tolist() == [3.0, 0.5, -1.0]


def test_an_embedding_that_is_wanted_but_not_there_is_said_by_name(store, tmp_path):
    with pytest.raises(MissingInput, match="clip clip-00 has no embedding to pack"):
        write_tar(store, made_samples(store, 1), tmp_path / "a.tar", embedding=True)


def test_neither_the_checksum_nor_the_file_system_shows_in_the_bytes(store, samples, tmp_path):
    memory = Store(f"memory://{tmp_path.name}")
    for sample in samples:
        memory.write(sample.media, store.read(sample.media))

    entries, sha256 = write_tar(store, samples, tmp_path / "local.tar")
    unhashed = write_tar(store, samples, tmp_path / "unhashed.tar", checksum=False)

    assert unhashed == (entries, "")
    assert write_tar(memory, samples, tmp_path / "memory.tar") == (entries, sha256)
    data = (tmp_path / "local.tar").read_bytes()
    assert (tmp_path / "unhashed.tar").read_bytes() == (tmp_path / "memory.tar").read_bytes() == data


def test_a_clip_that_is_gone_or_has_changed_is_said_by_name(tmp_path):
    for number, store in enumerate((Store(str(tmp_path)), Store(f"memory://{tmp_path.name}"))):
        [sample] = made_samples(store, 1)
        with pytest.raises(VidcurateError, match=r"clip-00\.mp4 has 3000 bytes, but the tables say 3001"):
            write_tar(store, [replace(sample, num_bytes=3001)], tmp_path / f"{number}.tar")
        store.remove(sample.media)
        with pytest.raises(MissingInput, match=r"clip-00\.mp4 is in the tables"):
            write_tar(store, [sample], tmp_path / f"{number}.tar")


def refused(*_):
    raise OSError(errno.EXDEV, "other file systems")


def refused_half_way(source, goal, count):
    if os.lseek(source, 0, os.SEEK_CUR):
        refused()
    return os.sendfile(goal, source, None, min(count, 1000))


@pytest.mark.skipif(sys.platform != "linux", reason="os.sendfile writes to files on Linux only")
@pytest.mark.parametrize("copy", [refused, refused_half_way, lambda *_: 0, None])
def test_what_the_kernel_does_not_copy_is_read(store, samples, tmp_path, monkeypatch, copy):
    write_tar(store, samples, tmp_path / "a.tar")
    if copy is None:  # as on macOS
        monkeypatch.delattr(os, "copy_file_range", raising=False)
    else:
        monkeypatch.setattr(os, "copy_file_range", copy, raising=False)

    write_tar(store, samples, tmp_path / "b.tar", checksum=False)

    assert (tmp_path / "b.tar").read_bytes() == (tmp_path / "a.tar").read_bytes()


@pytest.mark.parametrize("checksum", [False, True])
def test_a_clip_that_is_cut_off_while_it_is_packed_is_said_by_name(store, tmp_path, monkeypatch, checksum):
    [sample] = made_samples(store, 1)

    def cut(name, size):  # called once the clip is open and its size is known
        if name.endswith(".mp4"):
            os.truncate(store.path(sample.media), 1000)
        return headers(name, size)

    monkeypatch.setattr("vidcurate.sharder.tar.headers", cut)

    with pytest.raises(VidcurateError, match=r"clip-00\.mp4 lost 2000 bytes while it was packed"):
        write_tar(store, [sample], tmp_path / "a.tar", checksum=checksum)
