from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from vidcurate.errors import ConfigError, MissingInput
from vidcurate.source.list import ListFile


def listed(manifest: Path, text: str) -> list[str]:
    """Uris that a manifest of this text lists."""
    manifest.write_text(text, encoding="utf-8")
    return [entry.uri for entry in ListFile(path=str(manifest)).inputs()]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("videos.txt", "b.mp4\n# a comment\n\n  sub/a.mkv  \n"),
        ("videos", "b.mp4\r\nsub/a.mkv\r\n"),
        ("bom.txt", "\ufeffb.mp4\nsub/a.mkv\n"),
        ("videos.csv", "id,Path,label\n1,b.mp4,x\n2,sub/a.mkv,y\n"),
        ("video.csv", "video,uri_of_page\nb.mp4,p\nsub/a.mkv,q\n"),
        ("one_column.csv", "file name\nb.mp4\nsub/a.mkv\n"),
        ("headless.csv", "b.mp4\nsub/a.mkv\n"),
        ("quoted.csv", 'path\n"b.mp4"\n"sub/a.mkv"\n'),
        ("tabs.tsv", "label\turl\nx\tb.mp4\ny\tsub/a.mkv\n"),
        ("strings.json", '["b.mp4", "sub/a.mkv"]'),
        ("objects.json", '[{"uri": "b.mp4", "id": 1}, {"video": "sub/a.mkv"}]'),
        ("lines.jsonl", '{"path": "b.mp4"}\n\n"sub/a.mkv"\n'),
        ("lines.ndjson", '{"path": "b.mp4"}\n{"path": "sub/a.mkv"}'),
    ],
)
def test_text_csv_json_and_json_lines_list_the_same(tmp_path, name, text):
    assert listed(tmp_path / name, text) == ["b.mp4", "sub/a.mkv"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("videos.csv", "license,path\nCC0-1.0,a.mp4\n,b.mp4\n"),
        ("videos.tsv", "path\tlicense\na.mp4\tCC0-1.0\nb.mp4\n"),
        ("videos.json", '[{"path": "a.mp4", "license": "CC0-1.0"}, {"path": "b.mp4", "license": null}]'),
        ("videos.jsonl", '{"path": "a.mp4", "license": "CC0-1.0"}\n"b.mp4"\n'),
    ],
)
def test_a_manifest_may_say_the_licence_of_each_video(tmp_path, name, text):
    (tmp_path / name).write_text(text)

    inputs = ListFile(path=str(tmp_path / name)).inputs()

    assert [(entry.uri, entry.license) for entry in inputs] == [("a.mp4", "CC0-1.0"), ("b.mp4", "")]


def test_a_licence_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "videos.json").write_text('[{"path": "a.mp4", "license": 4}]')

    with pytest.raises(ConfigError, match="entry 1: expected a string at the key license; got 4"):
        ListFile(path=str(tmp_path / "videos.json")).inputs()


def test_relative_paths_start_from_the_manifest_and_others_are_kept(tmp_path):
    manifest = tmp_path / "lists" / "videos.txt"
    manifest.parent.mkdir()
    manifest.write_text("../raw/a.mp4\n/data/b.mp4\nhttps://example.org/c.mp4?x=1#t\n")

    paths = {entry.uri: entry.path for entry in ListFile(path=str(manifest)).inputs()}

    assert paths == {
        "../raw/a.mp4": f"{tmp_path}/lists/../raw/a.mp4",
        "/data/b.mp4": "/data/b.mp4",
        "https://example.org/c.mp4?x=1#t": "https://example.org/c.mp4?x=1#t",
    }


def test_a_manifest_at_a_url_lists_what_lies_beside_it():
    fsspec.filesystem("memory").pipe_file("/test_list/videos.txt", b"sub/a.mp4\n/abs/b.mp4\n")

    paths = [entry.path for entry in ListFile(path="memory://test_list/videos.txt").inputs()]

    assert paths == ["/abs/b.mp4", "memory://test_list/sub/a.mp4"]


def test_files_that_do_not_exist_are_inputs_for_the_run_to_record(tmp_path):
    assert listed(tmp_path / "videos.txt", "nowhere.mp4") == ["nowhere.mp4"]


def test_what_is_listed_again_is_an_input_with_a_name_of_its_own(tmp_path):
    assert listed(tmp_path / "videos.txt", "a.mp4\nb.mp4\na.mp4\na.mp4") == ["a.mp4", "a.mp4#2", "a.mp4#3", "b.mp4"]


def test_inputs_are_sorted_whatever_the_order_of_the_manifest(tmp_path):
    assert listed(tmp_path / "videos.txt", "c.mp4\na.mp4\nb.mp4") == ["a.mp4", "b.mp4", "c.mp4"]


def test_a_manifest_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingInput, match=r"source\.path='.*videos\.txt': no manifest can be read there"):
        ListFile(path=str(tmp_path / "videos.txt")).inputs()


@pytest.mark.parametrize(
    ("name", "text"), [("a.txt", "# nothing\n"), ("a.csv", ""), ("b.csv", "path\n"), ("a.json", "[]")]
)
def test_a_manifest_without_videos_says_so(tmp_path, name, text):
    with pytest.raises(MissingInput, match="lists no video"):
        listed(tmp_path / name, text)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.csv", "name,label\na.mp4,x\n", "no column path, uri, url, video; columns: name, label"),
        ("a.json", '{"videos": []}', "expected a list, got dict"),
        ("a.json", '["a.mp4", 3]', "entry 2: expected a string or an object with a key path, uri, url, video; got 3"),
        ("a.jsonl", '"a.mp4"\n{"file": "b.mp4"}', "line 2: expected a string or an object"),
        ("a.json", "[", "Expecting value: line 1 column 2"),
    ],
)
def test_a_malformed_manifest_says_where_and_what_was_expected(tmp_path, name, text, problem):
    with pytest.raises(ConfigError) as caught:
        listed(tmp_path / name, text)

    assert problem in str(caught.value)


def test_a_video_instead_of_a_manifest_is_refused(make_video):
    with pytest.raises(ConfigError, match="codec can't decode"):
        ListFile(path=str(make_video("a.mp4", shots=(3,)))).inputs()
