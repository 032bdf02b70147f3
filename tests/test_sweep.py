"""A sweep over epsilon: neighbours are searched once, every job ends in one table, and a failed job costs no other."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.forked import vidcurate
from tests.media import write_video


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("sweep")
    (root / "videos").mkdir()
    for name, seed, gop in (("a.mp4", 1, 50), ("b.mp4", 2, 50), ("c.mp4", 1, 10)):
        write_video(root / "videos" / name, (30, 30), seed=seed, gop=gop)
    options = ("splitter=fixed", "splitter.length=1", "splitter.min_length=0.5", "embedder=histogram", "runtime=local")
    ended = vidcurate("+experiment=split", "source.path=videos", "out=o", *options, cwd=root)
    assert ended.returncode == 0, ended.stderr
    return root


def test_a_sweep_with_a_failing_job_still_ends_in_one_table(folder):
    ended = vidcurate("-m", "+experiment=dedup", "out=o", "cluster=single", "dedup.eps=0.001,9,0.05,1.5", cwd=folder)

    with (folder / "o/semantic/epsilon_table.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert ended.returncode == 2
    assert "dedup.eps=9" in ended.stderr + ended.stdout
    assert [row["eps"] for row in rows] == ["0.001", "0.05", "1.5"]
    assert [int(row["kept"]) + int(row["removed"]) for row in rows] == [int(row["total"]) for row in rows]
    assert int(rows[-1]["removed"]) > int(rows[0]["removed"])
    assert (folder / "o/semantic/epsilon_table.md").read_text().startswith("|   eps |")
    assert (folder / "o/semantic/epsilon_curve.png").read_bytes().startswith(b"\x89PNG")


def test_neighbours_are_not_searched_again_for_another_epsilon(folder):
    vidcurate("+experiment=dedup", "out=o", "dedup.eps=0.02", cwd=folder)
    tables = sorted((folder / "o/semantic/extraction/semdedup_pruning_tables").glob("*.parquet"))
    before = [path.stat().st_mtime_ns for path in tables]

    ended = vidcurate("+experiment=dedup", "out=o", "dedup.eps=0.03", cwd=folder)

    assert ended.returncode == 0, ended.stderr
    assert tables
    assert [path.stat().st_mtime_ns for path in tables] == before


def test_a_sweep_gives_the_summary_files_that_nemo_curator_gives(folder):
    vidcurate("-m", "+experiment=dedup", "out=o", "dedup.eps=0.01,0.1", cwd=folder)

    for eps in ("0.01", "0.1"):
        lines = (folder / f"o/semantic/extraction/dedup_summary_{eps}.csv").read_text().splitlines()
        assert lines[0] == "eps,kept,removed,total"
        assert lines[1].startswith(f"{eps},")
