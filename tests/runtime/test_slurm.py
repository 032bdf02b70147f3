from __future__ import annotations

import doctest

import pytest

from vidcurate.errors import Stopped, VidcurateError
from vidcurate.runtime import slurm
from vidcurate.runtime.slurm import Request, State, lost


def test_the_time_limit_is_read_as_sbatch_reads_it():
    assert doctest.testmod(slurm) == (0, 1)


def test_what_is_not_asked_for_is_left_to_slurm():
    plain = Request(logs="logs").parameters()
    full = Request(logs="logs", partition="a", mem="8G", gpus=2, options={"constraint": "a100"}, env={"A": "b c"})

    assert not {"partition", "account", "qos", "mem", "gpus_per_node"} & set(plain)
    assert full.parameters().items() >= {"partition": "a", "mem": "8G", "gpus_per_node": 2}.items()
    assert full.parameters()["additional_parameters"] == {"requeue": True, "constraint": "a100"}
    assert full.parameters()["setup"] == ["export A='b c'"]


@pytest.mark.parametrize("name", ["PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "REQUEUED", "SUSPENDED", ""])
def test_a_job_that_may_still_run_is_not_at_its_end(name):
    assert not State(name).is_end


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("CANCELLED", Stopped, "cancelled, as by scancel. What it has committed stays; the same command goes on"),
        ("NODE_FAIL", Stopped, "lost with its node"),
        ("OUT_OF_MEMORY", VidcurateError, "took more memory"),
        (slurm.GONE, VidcurateError, "SLURM has forgotten"),
    ],
)
def test_how_a_job_was_lost_decides_whether_the_same_command_goes_on(name, kind, says):
    error = lost(State(name))

    assert type(error) is kind
    assert says in str(error)
