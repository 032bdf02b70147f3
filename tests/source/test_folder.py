from __future__ import annotations

import os
import sys
from pathlib import Path

import fsspec
import pytest

from vidcurate.errors import ConfigError, MissingInput
from vidcurate.source.folder import Folder


def make(root: Path, *names: str) -> Path:
    """Empty files below a folder."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def uris(root: Path | str, **settings: str) -> list[str]:
    return [entry.uri for entry in Folder(path=str(root), **settings).inputs()]


def test_videos_below_the_folder_come_sorted_by_their_path_in_it(tmp_path):
    make(tmp_path, "b.mp4", "a/z.mkv", "a/b/c.webm", "a.mov")

    inputs = list(Folder(path=str(tmp_path)).inputs())

    assert [entry.uri for entry in inputs] == ["a.mov", "a/b/c.webm", "a/z.mkv", "b.mp4"]
    assert inputs[1].path == str(tmp_path / "a" / "b" / "c.webm")


def test_any_container_counts_in_any_case_and_nothing_else(tmp_path):
    make(
        tmp_path,
        "1.MP4",
        "2.Ts",
        "3.3gp",
        "4.gif",
        "5.avi",
        "6.y4m",
        "notes.txt",
        "cover.jpg",
        "no_suffix",
        "x.mp4.part",
    )

    assert uris(tmp_path) == ["1.MP4", "2.Ts", "3.3gp", "4.gif", "5.avi", "6.y4m"]


def test_hidden_files_and_folders_are_left_out(tmp_path):
    make(tmp_path, "a.mp4", "._a.mp4", ".trash/b.mp4", "sub/.cache/c.mp4")

    assert uris(tmp_path) == ["a.mp4"]


def test_a_hidden_folder_that_is_asked_for_is_read(tmp_path):
    make(tmp_path, ".raw/a.mp4")

    assert uris(tmp_path / ".raw") == ["a.mp4"]


def test_names_of_all_sorts_are_kept_as_they_are(tmp_path):
    names = ["-dash.mp4", "a::b.mp4", "per%20cent.mp4", "spaces and ünïcode 视频 (1).mp4", "sub #1/[x]*?.mp4"]
    make(tmp_path, *names)

    inputs = list(Folder(path=str(tmp_path)).inputs())

    assert [entry.uri for entry in inputs] == names
    assert all(Path(entry.path).is_file() for entry in inputs)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_not_unicode_gets_a_uri_that_is(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4")).touch()

    (entry,) = Folder(path=str(tmp_path)).inputs()

    assert entry.uri == r"caf\xe9.mp4"
    assert Path(entry.path).is_file()


def test_a_pattern_chooses_among_the_videos(tmp_path):
    make(tmp_path, "cam1/a.mp4", "cam1/day/b.mp4", "cam2/a.mp4", "cam1/notes.txt")

    assert uris(tmp_path, pattern="cam1/*") == ["cam1/a.mp4", "cam1/day/b.mp4"]


def test_links_to_files_and_folders_are_followed(tmp_path):
    make(tmp_path / "elsewhere", "a.mp4", "folder/b.mp4")
    root = make(tmp_path / "videos", "c.mp4")
    (root / "linked.mp4").symlink_to(tmp_path / "elsewhere" / "a.mp4")
    (root / "linked").symlink_to(tmp_path / "elsewhere" / "folder")

    assert uris(root) == ["c.mp4", "linked.mp4", "linked/b.mp4"]


def test_links_that_lead_back_end(tmp_path):
    make(tmp_path, "a/1.mp4", "b/2.mp4")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "to_b").symlink_to(tmp_path / "b")
    (tmp_path / "b" / "to_a").symlink_to(tmp_path / "a")

    assert uris(tmp_path) == ["a/1.mp4", "a/to_b/2.mp4"]


def test_a_link_to_nothing_is_an_input_for_the_run_to_record(tmp_path):
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")

    assert uris(tmp_path) == ["gone.mp4"]


def test_a_folder_on_another_file_system_is_listed_with_urls_that_open():
    fs = fsspec.filesystem("memory")
    for name in ("b.mp4", "sub/a.mkv", ".hidden/c.mp4", "x.txt"):
        fs.pipe_file(f"/test_folder/raw/{name}", b"bytes")

    inputs = list(Folder(path="memory://test_folder/raw/").inputs())

    assert [entry.uri for entry in inputs] == ["b.mp4", "sub/a.mkv"]
    assert fsspec.open(inputs[1].path, "rb").open().read() == b"bytes"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingInput, match=r"source\.path='.*nowhere': there is no folder /"):
        Folder(path=str(tmp_path / "nowhere")).inputs()


def test_a_file_instead_of_a_folder_says_what_to_give(tmp_path):
    make(tmp_path, "a.mp4")

    with pytest.raises(MissingInput, match="is a file; give the folder that holds it, or name it in a text file"):
        Folder(path=str(tmp_path / "a.mp4")).inputs()


def test_an_empty_folder_is_called_empty(tmp_path):
    with pytest.raises(MissingInput, match="the folder is empty"):
        Folder(path=str(tmp_path)).inputs()


def test_a_folder_without_videos_says_what_it_holds(tmp_path):
    make(tmp_path, "a.txt", "b.txt", "c.JPG", "README")

    with pytest.raises(MissingInput, match=r"4 files, none .*: \.txt \(2\), \.jpg \(1\), no suffix \(1\)"):
        Folder(path=str(tmp_path)).inputs()


def test_a_pattern_that_matches_nothing_says_what_there_is(tmp_path):
    make(tmp_path, "a.mp4")

    with pytest.raises(MissingInput, match=r"none of 1 videos matches source\.pattern='\*\.mkv', e\.g\. 'a\.mp4'"):
        Folder(path=str(tmp_path), pattern="*.mkv").inputs()


def test_a_scheme_that_nothing_opens_is_a_problem_of_the_configuration():
    with pytest.raises(ConfigError, match="'nosuch://bucket/raw' cannot be opened"):
        Folder(path="nosuch://bucket/raw").inputs()
