from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec

import pytest

from tests.media import write_video
from tests.runtime.meeting import meet
from tests.slurm import slurm, until
from tests.test_pipeline import FAST, everything
from vidcurate import curate
from vidcurate.errors import ConfigError
from vidcurate.runtime.dask_slurm import DaskSlurm, jobqueue
from vidcurate.runtime.local import Local
from vidcurate.source.folder import Folder

pytestmark = pytest.mark.skipif(find_spec("dask_jobqueue") is None, reason="needs vidcurate[slurm]")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[None]:
    with slurm(tmp_path_factory.mktemp("cluster")) as place, pytest.MonkeyPatch.context() as patch:
        for name, value in place.items():
            patch.setenv(name, value)
        yield


def jobs() -> list[str]:
    """Those of SLURM that have not ended."""
    return subprocess.run(["squeue", "-h", "-o%i"], capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.slow
def test_two_jobs_of_slurm_split_into_the_bytes_of_one_process(cluster, tmp_path):
    videos, meeting = tmp_path / "videos", tmp_path / "meeting"
    videos.mkdir()
    meeting.mkdir()
    write_video(videos / "a.mp4", (20, 20))
    write_video(videos / "long.mp4", (30, 25, 30), gop=25)
    there = DaskSlurm(
        max_jobs=2, cores=1, memory="1GiB", walltime="10", logs=str(tmp_path / "logs"), part_minutes=1.2 / 60
    )
    there.check()

    workers = set(there.map(partial(meet, folder=str(meeting), count=2), range(2)))
    for name, runtime in (("here", Local()), ("there", there)):
        curate(FAST, source=Folder(path=str(videos)), out=str(tmp_path / name), steps=["split"], runtime=runtime)

    assert len(workers) == 2
    assert everything(tmp_path / "there") == everything(tmp_path / "here")
    until(lambda: not workers & set(jobs()))


def test_a_job_is_asked_for_in_the_words_of_sbatch():
    before = signal.getsignal(signal.SIGINT)
    wishes = DaskSlurm(partition="a", qos="low", gpus=2, directives=("--constraint=a100",), env={"A": "b c"}).wishes()
    for of_the_scheduler in ("scheduler_options", "log_directory"):
        wishes.pop(of_the_scheduler)

    script = jobqueue().SLURMJob("tcp://there:1", name="w", **wishes).job_script().splitlines()

    assert signal.getsignal(signal.SIGINT) is before
    for line in ("-p a", "--cpus-per-task=8", "--mem=16G", "-t 240", "--qos=low", "--gpus-per-node=2"):
        assert f"#SBATCH {line}" in script
    assert "#SBATCH --constraint=a100" in script
    assert "export A='b c'" in script
    assert "-m dask_cuda.cli worker tcp://there:1" in script[-1]


def test_without_slurm_it_says_so_before_any_work(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigError, match=r"runtime=dask_slurm: no sbatch on the PATH"):
        DaskSlurm().check()


def test_more_jobs_at_least_than_at_most_are_refused(cluster):
    with pytest.raises(ConfigError, match=r"runtime\.min_jobs=5 is more than runtime\.max_jobs=4"):
        DaskSlurm(min_jobs=5).check()
