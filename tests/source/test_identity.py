from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

import fsspec
import pytest

from vidcurate.errors import UnreadableVideo
from vidcurate.records import NAMESPACE
from vidcurate.source.identity import video_id

MIB = 1024 * 1024


def large(path: Path, changed: int | None = None) -> str:
    """A file of 6 MiB; one byte of it is changed."""
    data = bytearray(bytes(range(256)) * (6 * MIB // 256))
    if changed is not None:
        data[changed] ^= 1
    path.write_bytes(data)
    return str(path)


def test_an_id_is_made_of_size_and_content_as_documented(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"video")

    # By definition: uuid5 of size and SHA-256, for a file that is hashed whole.
    expected = str(uuid.uuid5(NAMESPACE, f"5:{hashlib.sha256(b'video').hexdigest()}"))
    assert video_id(str(path)) == (expected, 5)


def test_name_and_place_do_not_matter(tmp_path):
    (tmp_path / "sub").mkdir()

    assert video_id(large(tmp_path / "a.mp4")) == video_id(large(tmp_path / "sub" / "ünï::c %20.mkv"))


@pytest.mark.parametrize("offset", [0, 256 * 1024 - 1, 6 * MIB - 1], ids=["first", "end of head", "last"])
def test_a_byte_of_head_or_tail_makes_another_video(tmp_path, offset):
    assert video_id(large(tmp_path / "a")) != video_id(large(tmp_path / "b", changed=offset))


def test_a_byte_between_the_blocks_is_seen_by_the_full_hash_only(tmp_path):
    # 16 blocks of 256 KiB in 6 MiB begin every 392533 bytes; byte 300000 lies behind the first of 262144.
    one, other = large(tmp_path / "a"), large(tmp_path / "b", changed=300_000)

    assert video_id(one) == video_id(other)
    assert video_id(one, full=True) != video_id(other, full=True)


def test_small_files_are_hashed_whole_either_way(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(os.urandom(4 * MIB))

    assert video_id(str(path)) == video_id(str(path), full=True)


def test_a_longer_file_of_the_same_bytes_is_another_video(tmp_path):
    (tmp_path / "a").write_bytes(bytes(5 * MIB))
    (tmp_path / "b").write_bytes(bytes(5 * MIB + 1))

    assert video_id(str(tmp_path / "a")) != video_id(str(tmp_path / "b"))


def test_the_same_bytes_behind_a_url_have_the_same_id(tmp_path):
    path = large(tmp_path / "a.mp4")
    fsspec.filesystem("memory").pipe_file("/test_identity/b.mp4", Path(path).read_bytes())

    assert video_id("memory://test_identity/b.mp4") == video_id(path)


def test_a_link_has_the_id_of_its_file(tmp_path):
    path = large(tmp_path / "a.mp4")
    (tmp_path / "link.mp4").symlink_to(path)

    assert video_id(str(tmp_path / "link.mp4")) == video_id(path)


def test_what_cannot_be_read_is_one_bad_video_and_says_why(tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "link.mp4").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.mp4")

    for place, why in {
        tmp_path / "missing.mp4": "No such file",
        tmp_path / "link.mp4": "No such file",
        tmp_path / "empty.mp4": "a file of 0 bytes",
        tmp_path: "a directory",
        tmp_path / "pipe.mp4": "a other of 0 bytes",
        "memory://test_identity/missing.mp4": "missing",
        "nosuch://bucket/a.mp4": "cannot be opened",
    }.items():
        with pytest.raises(UnreadableVideo, match=why):
            video_id(str(place))
