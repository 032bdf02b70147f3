"""Sweeps by hydra/launcher=slurm on a real SLURM: one table, whatever becomes of single jobs."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked import vidcurate
from tests.slurm import slurm, until
from tests.swept import split_videos
from vidcurate.runtime.slurm import State, states
from vidcurate.store.files import Store
from vidcurate.store.lease import leased

pytest.importorskip("submitit", reason="needs vidcurate[slurm]")

SWEEP = ("-m", "+experiment=sweep_epsilon", "out=o", "dedup.eps=0.001,0.02,0.05,0.1", "hydra/launcher=slurm")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[dict[str, str]]:
    with slurm(tmp_path_factory.mktemp("cluster")) as place, pytest.MonkeyPatch.context() as patch:
        for name, value in place.items():
            patch.setenv(name, value)
        yield dict(os.environ)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return split_videos(tmp_path_factory.mktemp("sweep"))


def start(folder: Path, environment: dict[str, str], *more: str) -> subprocess.Popen[str]:
    """The sweep, with its logs in a folder `logs`."""
    job = ("hydra.launcher.cpus=1", "hydra.launcher.poll=1", "hydra.launcher.logs=logs", "+hydra.launcher.env.WHO=me")
    command = [
        sys.executable,
        "-m",
        "vidcurate",
        *SWEEP,
        *job,
        "cluster=single",
        "runtime=local",
        "runtime.grace=1",
        *more,
    ]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def epsilons(folder: Path) -> list[str]:
    with (folder / "o/semantic/epsilon_table.csv").open() as file:
        return [row["eps"] for row in csv.DictReader(file)]


def slurm_does(*command: str) -> None:
    subprocess.run(command, check=True, timeout=30)


@pytest.mark.slow
def test_one_job_is_cancelled_another_preempted_and_a_second_sweep_completes_the_table(folder, cluster):
    with leased(Store(str(folder / "o")), ["test"], 0):  # so that none ends before it is disturbed
        process = start(folder, cluster)
        logs = [until(lambda n=n: list((folder / "logs").glob(f"*_{n}_0_log.out")), 120)[0] for n in range(4)]
        array = logs[0].name.partition("_")[0]
        for log in logs:
            until(lambda log=log: "is held by another run" in log.read_text(), 120)
        slurm_does("scancel", f"{array}_1")
        slurm_does("scancel", "--signal=USR2", f"{array}_3")
        until(lambda: states([f"{array}_3"]) == {f"{array}_3": State("PENDING", "BeginTime")})
        slurm_does("scontrol", "update", f"JobId={array}_3", "StartTime=now+5")
    said, _ = process.communicate(timeout=240)

    assert process.returncode == 75, said
    assert "job 1 (++dedup.eps=0.02 +experiment=sweep_epsilon" in said
    assert f"SLURM job {array}_1, was cancelled, as by scancel. What it has committed stays" in said
    assert said.count(" is done") == 3
    assert "Requeued job" in logs[3].read_text()
    assert "export WHO=me" in (folder / f"logs/{array}_submission.sh").read_text()
    assert epsilons(folder) == ["0.001", "0.05", "0.1"]

    again = start(folder, cluster, "dedup.eps=0.02")
    said, _ = again.communicate(timeout=240)

    assert again.returncode == 0, said
    assert epsilons(folder) == ["0.001", "0.02", "0.05", "0.1"]
    assert not (folder / "o/_lease").exists()


def test_what_sbatch_refuses_is_said_in_its_words(folder, cluster):
    command = [sys.executable, "-m", "vidcurate", *SWEEP, "dedup.eps=0.1", "hydra.launcher.partition=nowhere"]

    ended = subprocess.run(command, cwd=folder, env=cluster, capture_output=True, text=True, check=False, timeout=120)

    assert ended.returncode == 2
    assert "hydra/launcher=slurm: sbatch: error: invalid partition specified: nowhere" in ended.stderr


def test_a_wrong_setting_is_named_before_anything_is_submitted(tmp_path):
    ended = vidcurate(*SWEEP, "hydra.launcher.time=soon", "+hydra.launcher.cpu=4", cwd=tmp_path)

    assert ended.returncode == 2
    assert "hydra.launcher.cpu is not a key of slurm; did you mean 'cpus'?" in ended.stderr
    assert "hydra.launcher.time='soon': value error, expected minutes, HH:MM:SS or D-HH:MM:SS" in ended.stderr
