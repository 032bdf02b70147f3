"""What people see: on a terminal a bar, whole lines above it and one table; elsewhere few lines; with -q one."""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from tests.forked import vidcurate
from tests.media import write_video
from tests.screen import shown
from vidcurate.terminal import NOTICE, Line, above, is_quiet

FAST = ("splitter=adaptive", "splitter.min_length=0.5", "embedder=histogram", "cluster=single", "preview=none")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two videos, of which one is no video; names that a shell would take apart."""
    root = tmp_path_factory.mktemp("seen")
    (root / "my videos").mkdir()
    write_video(root / "my videos" / "a.mp4", (30, 30))
    (root / "my videos" / "broken.mp4").write_bytes(b"no video")
    return root


@pytest.fixture(scope="module")
def seen(folder) -> str:
    """A run on a terminal of 100 columns, and what it has left in its file."""
    ended = shown("+experiment=split", "source.path=my videos", "out=o", "runtime.workers=2", *FAST, cwd=folder)

    assert ended.returncode == 3
    return ended.stdout


def lines_of(seen: str) -> list[str]:
    """Without colours and what moves the cursor."""
    return [line.rstrip() for line in CONTROL.sub("", seen).replace("\r", "\n").split("\n")]


def test_a_terminal_shows_a_bar_with_counts(seen):
    lines = lines_of(seen)

    assert any(re.match(r"split: videos [━╸╺ ]+ +1/2", line) for line in lines)
    assert any(re.match(r"  (1 kept · )?1 failed · \S+/\w+ · ", line) for line in lines)


def test_lines_of_the_log_are_whole_on_a_terminal_those_of_workers_too(seen):
    lines = lines_of(seen)

    assert any(re.fullmatch(r"\d\d:\d\d:\d\d split: 0 of 2 videos are up to date, 2 to do", line) for line in lines)
    assert any(re.match(r"\d\d:\d\d:\d\d WARNING: broken.mp4: ", line) for line in lines)


def test_a_table_and_what_to_do_now_come_last(seen):
    lines = [line for line in lines_of(seen) if line]
    begin = next(number for number, line in enumerate(lines) if line.startswith("stage "))

    assert lines[begin].split() == [
        "stage",
        "in",
        "kept",
        "dropped",
        "failed",
        "hours",
        "per",
        "s",
        "x",
        "real",
        "stored",
    ]
    assert re.fullmatch(r"split    2     1  +1  0:00:02  +\S+  +\S+  0 of 2", lines[begin + 2])
    assert re.fullmatch(r"filter   2     2  +0:00:02", lines[begin + 3])
    given = f"'source.path=my videos' out=o runtime.workers=2 {' '.join(FAST)}"
    assert "".join(lines[begin + 4 :]).startswith(
        f"retry  vidcurate +experiment=split {given} retry=failed"  # on as many rows as it takes
        "next   vidcurate +experiment=dedup out=o cluster=single"
    )
    assert re.search(r"\n\d\d:\d\d:\d\d done in 0:00:\d\d · 2 videos of which 1 failed · 2 clips · o/report.html", seen)
    assert lines[-1].startswith("vidcurate: 1 of 2 inputs failed, max_failures=0 may")
    assert "Error executing job" not in seen


def test_the_log_in_the_file_has_what_workers_said(seen, folder):
    (log,) = (folder / "outputs").rglob("vidcurate.log")

    assert "[vidcurate.pipeline][WARNING] - broken.mp4: " in log.read_text()


def test_without_a_terminal_the_end_is_a_few_lines(seen, folder):
    ended = vidcurate("+experiment=dedup", "out=o", "cluster=single", cwd=folder)

    assert ended.returncode == 0, ended.stderr
    lines = [line[20:] for line in ended.stdout.splitlines()]
    assert re.fullmatch(
        r"dedup: 2 of 2 clips kept \(0:00:02 h\), \S+/s, \S+x real time, 0 of \d tables stored before", lines[-3]
    )
    assert lines[-2] == "next: vidcurate +experiment=shard out=o cluster=single dedup.eps=0.01"
    assert re.fullmatch(r"done in 0:00:\d\d · 2 of 2 clips are unique at eps=0.01 · o/report.html", lines[-1])
    assert "by worker" not in ended.stdout
    assert ended.stderr == ""


@pytest.mark.parametrize("flag", ["-q", "--quiet"])
def test_quiet_leaves_the_last_line(flag, seen, folder):
    ended = vidcurate("+experiment=dedup", "out=o", "cluster=single", flag, cwd=folder)

    assert re.fullmatch(
        r"\S+ \S+ done in 0:00:\d\d · 2 of 2 clips are unique at eps=0.01 · o/report.html\n", ended.stdout
    )


def test_verbose_says_where_the_time_went(seen, folder):
    ended = vidcurate("+experiment=shard", "out=o", "runtime=local", "--verbose", cwd=folder)

    assert ended.returncode == 0, ended.stderr
    assert re.search(r"vidcurate.telemetry.closing: shard, by worker \(share: busy\): ", ended.stdout)
    assert "load: from vidcurate.data import VideoData; VideoData('o')" in ended.stdout


def test_verbose_and_quiet_exclude_each_other(folder):
    ended = vidcurate("+experiment=split", "-q", "--verbose", cwd=folder)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "vidcurate: --verbose and --quiet exclude each other\n"


@pytest.mark.parametrize(
    ("level", "line"),
    [
        (logging.DEBUG, "12:00:00 vidcurate.stage.split: said"),
        (logging.INFO, "12:00:00 said"),
        (NOTICE, "12:00:00 said"),
        (logging.ERROR, "12:00:00 ERROR: said"),
    ],
)
def test_a_line_says_no_more_than_is_needed(level, line):
    record = logging.LogRecord("vidcurate.stage.split", level, "", 0, "said", (), None)
    formatter = Line(dated=False)
    formatter.converter = lambda _: (2026, 11, 29, 12, 0, 0, 6, 333, 0)

    assert formatter.format(record) == line


def test_a_log_that_goes_to_a_file_is_not_moved_above_the_bar(tmp_path):
    root = logging.getLogger()
    with (tmp_path / "log").open("w") as file:
        handler = logging.StreamHandler(file)
        root.addHandler(handler)
        try:
            with above(Console(stderr=True)):
                assert handler.stream is file
            assert not is_quiet()
            handler.setLevel(NOTICE)
            assert is_quiet()
        finally:
            root.removeHandler(handler)


def test_after_the_bar_the_log_is_what_it_was(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    handler = logging.StreamHandler(sys.stdout)
    logging.getLogger().addHandler(handler)
    try:
        with Progress(console=Console(stderr=True)) as bar, above(bar.console):
            assert handler.stream is not sys.stdout
        assert handler.stream is sys.stdout
    finally:
        logging.getLogger().removeHandler(handler)
