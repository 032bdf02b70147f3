"""The launchers for SLURM on a real one: a job on two nodes that is put back into the queue, and a frozen sweep."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.media import write_video
from tests.runtime.test_stop import COMMAND, records, start
from tests.slurm import slurm, until
from tests.test_launchers import LAUNCHERS
from tests.test_pipeline import everything
from vidcurate.runtime.slurm import State, states

pytestmark = pytest.mark.slow
pytest.importorskip("submitit", reason="needs vidcurate[slurm]")
ROOT = LAUNCHERS.parent


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[dict[str, str]]:
    with slurm(tmp_path_factory.mktemp("cluster")) as place, pytest.MonkeyPatch.context() as patch:
        for name, value in place.items():
            patch.setenv(name, value)
        yield os.environ | {"PYTHON": sys.executable, "WORKERS": "1", "PYTHONPATH": str(ROOT)}


def test_a_job_on_two_nodes_commits_when_its_time_ends_is_put_back_and_completes_the_same_bytes(cluster, tmp_path):
    (tmp_path / "videos").mkdir()
    for number in range(30):  # more than are ever under way
        write_video(tmp_path / "videos" / f"{number:02}.mp4", (20, 20), seed=number % 3, gop=20 + number)
    script = str(LAUNCHERS / "slurm_cluster.sbatch")
    command = ["sbatch", "--parsable", "--cpus-per-task=1", "--time=20", "--output=log", script, *COMMAND, "out=there"]

    sent = subprocess.run(command, cwd=tmp_path, env=cluster, capture_output=True, text=True, check=True)
    job = sent.stdout.strip()
    until(lambda: len(records(tmp_path / "there")) >= 2, 180)
    subprocess.run(["scancel", "--batch", "--signal=USR2", job], check=True)
    until(lambda: states([job]) == {job: State("PENDING", "BeginTime")}, 120)
    subprocess.run(["scontrol", "update", f"JobId={job}", "StartTime=now+5"], check=True)
    until(lambda: states([job]) == {job: State("COMPLETED")}, 240)

    said = (tmp_path / "log").read_text()
    assert "vidcurate: stopped by SIGUSR2" in said
    assert said.index("vidcurate has ended with 75") < said.index("vidcurate has ended with 0")
    here = start(tmp_path, "here", "runtime=processes")
    _, errors = here.communicate(timeout=240)
    assert here.returncode == 0, errors
    assert everything(tmp_path / "there") == everything(tmp_path / "here")


def test_edits_during_a_frozen_sweep_do_not_matter(cluster, tmp_path):
    checkout = tmp_path / "checkout"
    for folder in ("vidcurate", "hydra_plugins", "conf", "launchers"):
        shutil.copytree(ROOT / folder, checkout / folder, ignore=shutil.ignore_patterns("__pycache__"))
    command = [
        checkout / "launchers/slurm_sweep.sh", "+experiment=quickstart", "out=o", "steps=[split]", "source.limit=1",
        "splitter=whole", "captioner=none", "preview=none", "filter=[]", "embedder=histogram", "runtime=local",
        "hydra.launcher.logs=logs", "hydra.launcher.cpus=1", "hydra.launcher.poll=1",
        "+hydra.launcher.options.hold=true",
    ]  # fmt: skip
    environment = cluster | {"FROZEN": str(tmp_path / "frozen"), "PYTHONPATH": ""}

    process = subprocess.Popen(command, cwd=checkout, env=environment, stdout=subprocess.PIPE, text=True)
    submitted = until(lambda: list((checkout / "logs").glob("*_submitted.pkl")), 120)
    job = submitted[0].name.partition("_")[0]
    for edited in (checkout / "vidcurate/pipeline.py", checkout / "vidcurate/runtime/base.py"):
        edited.write_text("raise SystemExit('this is the edited code')")
    subprocess.run(["scontrol", "release", job], check=True)
    said, _ = process.communicate(timeout=240)

    assert process.returncode == 0, said
    assert f"SLURM job {job}, is done" in said
    assert len(records(checkout / "o")) == 1
