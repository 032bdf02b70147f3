from __future__ import annotations

import os
import subprocess

import pytest

from tests.slurm import SCRIPT, slurm


@pytest.mark.slow
def test_ci_brings_up_a_slurm_of_two_nodes_and_takes_it_down(tmp_path, monkeypatch):
    monkeypatch.delenv("SLURM_CONF", raising=False)

    with slurm(tmp_path / "slurm") as place:
        ended = subprocess.run(
            ["srun", "--nodes=2", "--label", "printenv", "SLURMD_NODENAME"],
            env=os.environ | place,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert sorted(ended.stdout.split()) == ["0:", "1:", "one", "two"], ended.stderr
    assert not list((tmp_path / "slurm").rglob("*.pid"))


def test_ci_slurm_says_what_it_takes():
    ended = subprocess.run([SCRIPT], capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert "install, up or down" in ended.stderr
