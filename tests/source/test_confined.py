"""With `below`, nothing that a source names leads out of a folder."""

from __future__ import annotations

import json

import pytest

from vidcurate.errors import ConfigError, MediaError
from vidcurate.source.folder import Folder
from vidcurate.source.identity import video_id
from vidcurate.source.list import ListFile


@pytest.fixture
def folder(tmp_path):
    """A folder with a manifest, one video in it and one beside it."""
    inside = tmp_path / "inside"
    (inside / "deep").mkdir(parents=True)
    for place in (inside / "deep/a.mp4", tmp_path / "secret.mp4"):
        place.write_bytes(b"x")
    (inside / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    (inside / "own.mp4").symlink_to(inside / "deep/a.mp4")
    (inside / "loop.mp4").symlink_to(inside / "loop.mp4")
    return inside


def listing(folder, *entries: str, below: str | None = ".") -> list[str]:
    manifest = folder / "list.json"
    manifest.write_text(json.dumps(entries), encoding="utf-8")
    return [entry.uri for entry in ListFile(path=str(manifest), below=below).inputs()]


@pytest.mark.parametrize(
    "entry",
    [
        "../secret.mp4", "deep/../../secret.mp4", "link.mp4", "loop.mp4", "/etc/hostname", "file:///etc/hostname",
        "http://169.254.169.254/latest", "s3://bucket/x.mp4", "simplecache::s3://bucket/x.mp4", "zip://x::/etc/hostname",
        "a\0.mp4",
    ],
)  # fmt: skip
def test_a_manifest_leads_nowhere_else(folder, entry):
    with pytest.raises(ConfigError, match=r"source\.below='\.': .* leads to"):
        listing(folder, "deep/a.mp4", entry)


def test_what_lies_below_is_taken_however_it_is_written(folder):
    inside = ["deep/a.mp4", "./deep/../deep/a.mp4", "own.mp4", str(folder / "deep/a.mp4")]

    assert sorted(listing(folder, *inside)) == sorted(inside)
    assert listing(folder, "../secret.mp4", below=str(folder.parent)) == ["../secret.mp4"]


def test_of_a_manifest_of_ones_own_everything_is_taken(folder):
    assert listing(folder, "../secret.mp4", "s3://bucket/x.mp4", below=None) == ["../secret.mp4", "s3://bucket/x.mp4"]


@pytest.mark.parametrize(
    "entry", ["s3://other/x.mp4", "s3://bucket/raw/../x.mp4", "s3://bucket/rawer/x.mp4", "/etc/hostname"]
)
def test_a_url_confines_as_well(folder, entry):
    assert listing(folder, "s3://bucket/raw/x.mp4", below="s3://bucket/raw") == ["s3://bucket/raw/x.mp4"]
    with pytest.raises(ConfigError, match=r"source\.below"):
        listing(folder, entry, below="s3://bucket/raw")


def test_links_of_a_folder_lead_nowhere_else(folder):
    (folder / "loop.mp4").unlink()
    with pytest.raises(ConfigError, match=r"'link\.mp4' leads to"):
        list(Folder(path=str(folder), below=".").inputs())

    (folder / "link.mp4").unlink()
    assert [entry.uri for entry in Folder(path=str(folder), below=".").inputs()] == ["deep/a.mp4", "own.mp4"]


def test_many_that_lead_elsewhere_are_counted(folder):
    with pytest.raises(ConfigError) as caught:
        listing(folder, *(f"/x/{number}.mp4" for number in range(30)))

    assert len(caught.value.problems) == 11
    assert caught.value.problems[-1] == "and 20 more inputs"


def test_a_manifest_that_is_too_large_is_refused_unread(folder):
    (folder / "list.txt").write_text("a.mp4\n" * 100)

    with pytest.raises(ConfigError, match=r"600 bytes; source\.max_manifest_bytes is 599"):
        list(ListFile(path=str(folder / "list.txt"), max_manifest_bytes=599).inputs())


def test_a_name_with_a_null_byte_fails_like_any_that_is_not_there(folder):
    with pytest.raises(MediaError):
        video_id(f"{folder}/a\0b.mp4")
