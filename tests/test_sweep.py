"""A sweep over epsilon: neighbours are searched once, every job ends in one table, and a failed job costs no other."""

from __future__ import annotations

import csv
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.forked import vidcurate
from tests.swept import split_videos
from vidcurate.store.files import Store
from vidcurate.store.lease import leased


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return split_videos(tmp_path_factory.mktemp("sweep"))


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_jobs_on_one_dataset_that_start_together_queue_up_and_end_in_one_table(folder):
    whole = ("+experiment=dedup", "out=together", "embeddings=o/histogram_embd_parquet", "cluster=single", "-v")
    epsilons = ("0.001", "0.05", "0.1")  # all within neighbours.floor, so that any of them finds the pairs for all

    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(lambda eps: vidcurate(*whole, f"dedup.eps={eps}", "wait=300", cwd=folder), epsilons))

    said = "".join(one.stderr + one.stdout for one in ended)
    with (folder / "together/semantic/epsilon_table.csv").open() as file:
        assert [row["eps"] for row in csv.DictReader(file)] == list(epsilons), said
    assert [one.returncode for one in ended] == [0, 0, 0], said
    assert said.count("neighbours: up to date") == 2
    assert not (folder / "together/_lease").exists()


def test_a_dataset_that_is_held_can_be_verified_but_not_changed(folder):
    with leased(Store(str(folder / "o")), ["split"], 0):
        refused = vidcurate("+experiment=dedup", "out=o", "wait=0", cwd=folder)
        verified = vidcurate("+experiment=verify", "out=o", "verify.sample=null", "verify.loaders=[]", cwd=folder)

    assert refused.returncode == 75, refused.stderr
    assert f"pid {os.getpid()}" in refused.stderr
    assert verified.returncode == 0, verified.stderr
