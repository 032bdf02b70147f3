"""Whatever a list holds: each bad entry is one failed record, or there is one clear error; nothing crashes."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from vidcurate.errors import ConfigError
from vidcurate.source.list import ListFile
from vidcurate.stage.inputs import Inputs, identify


def named(path: Path, content: bytes | str) -> Inputs:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return identify(ListFile(path=str(path)))


def test_every_bad_line_is_a_failed_record_of_its_own_and_good_ones_are_found(tmp_path):
    (tmp_path / "good.mp4").write_bytes(b"video")
    (tmp_path / "folder").mkdir()
    bad = [
        "missing.mp4",
        "folder",
        "../../../../../../etc/nothing.mp4",
        "/dev/null",
        "nosuch://bucket/a.mp4",
        "ftp:/half/a.mp4",
        "nul\0byte.mp4",
        "bell\a\x1b[31m\x0cform\x1cfeed.mp4",
        "line\u2028separator.mp4",
        "x" * 5000,
        "~nobody-of-this-name/a.mp4",
        "a::b::c.mp4",
        "s3://",
        "💥.mp4",
    ]

    found = named(tmp_path / "list.txt", "\n".join(["good.mp4", *bad, "good.mp4", "missing.mp4"]))

    assert [video.uri for video in found.videos] == ["good.mp4"]
    assert [copy.video["uri"] for copy in found.copies] == ["good.mp4#2"]
    assert sorted(record.video["uri"] for record in found.unreadable) == sorted([*bad, "missing.mp4#2"])
    assert len({record.key for record in found.unreadable}) == len(bad) + 1
    assert all(record.failure and record.failure["message"] for record in found.unreadable)
    for record in found.unreadable:
        json.dumps(record.video).encode()


def test_half_a_character_and_separators_in_json_are_one_bad_video_each(tmp_path):
    found = named(tmp_path / "list.jsonl", '"\\ud800.mp4"\n{"path": "a\u2028b.mp4"}\n')

    assert [record.video["uri"] for record in found.unreadable] == ["\\ud800.mp4", "a\u2028b.mp4"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("list.txt", bytes(range(256)) * 40, "can't decode byte"),
        ("list.txt", "good.mp4\n" + "x" * 10_000_000, "has 10000000 characters"),
        ("list.csv", "path,license\n" + "x" * 10_000_000, "field"),
        ("list.json", "[" * 100_000, "recursion"),
        ("list.jsonl", '"a.mp4"\n{', "Expecting"),
        ("list.json", '{"a": 1}', "expected a list"),
        ("list.jsonl", '{"path": 3}', "expected a string"),
    ],
    ids=["binary", "a 10 MB line", "a 10 MB field", "deep JSON", "half a line", "no list", "a number"],
)
def test_what_is_no_list_is_one_short_error(tmp_path, name, content, why):
    with pytest.raises(ConfigError, match=why) as refused:
        named(tmp_path / name, content)

    assert "source.path=" in str(refused.value)
    assert len(str(refused.value)) < 1000


@pytest.mark.slow
def test_a_hundred_thousand_entries_are_listed_in_seconds(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("\n".join(f"folder/{number}.mp4" for number in range(100_000)))

    began = time.process_time()
    entries = list(ListFile(path=str(path)).inputs())

    assert len(entries) == 100_000
    assert time.process_time() - began < 10  # 0.7 measured
