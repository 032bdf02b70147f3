"""A lease lets one run change a dataset at a time, and does not outlive it."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from vidcurate.errors import Busy, Stopped
from vidcurate.store import lease as lease_module
from vidcurate.store.files import Store
from vidcurate.store.holder import Holder, decode, this_run
from vidcurate.store.lease import FOLDER, Link, leased

ELSEWHERE = {"machine": "another boot", "host": "node7", "pid": 1}

HOLDING = """
import sys
from vidcurate.store.files import Store
from vidcurate.store.lease import leased

with leased(Store(sys.argv[1]), ["split"], 0, every=0.05, silence=float(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
    Store(sys.argv[1]).write("done", b"")
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(lease_module, "POLL", 0.02)
    monkeypatch.setattr(lease_module, "WITHDRAWAL", 0.02)


@contextmanager
def holding(root: Path, silence: float = 60.0) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lease until its standard input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(root), str(silence)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def leave(store: Store, holder: Holder, number: int = 1) -> None:
    """What a run that was killed leaves behind."""
    assert store.create(f"{FOLDER}/_{number:06d}.json", holder.encode())
    store.write(f"{FOLDER}/_{number:06d}.beat", b"7")


def test_nothing_of_a_lease_stays_and_listings_do_not_show_it(tmp_path):
    store = Store(str(tmp_path / "o"))

    with leased(store, ["split"], 0):
        store.write("a.json", b"")
        assert store.keys("") == ["a.json"]
        assert len(list((tmp_path / "o" / FOLDER).iterdir())) == 1

    assert [path.name for path in (tmp_path / "o").iterdir()] == ["a.json"]


def test_a_run_that_wrote_nothing_leaves_no_folder(tmp_path):
    with leased(Store(str(tmp_path / "o")), ["split"], 0):
        assert (tmp_path / "o").exists()

    assert not (tmp_path / "o").exists()


def test_an_error_gives_the_dataset_back(tmp_path):
    store = Store(str(tmp_path))

    with pytest.raises(ValueError, match="of the block"), leased(store, [], 0):
        raise ValueError("of the block")

    with leased(store, [], 0):
        pass


def test_without_patience_the_second_run_is_refused_and_told_by_whom(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    store = Store(str(tmp_path))

    with leased(store, ["split", "dedup"], 0), pytest.raises(Busy) as refused, leased(store, ["shard"], 0):
        pass

    said = str(refused.value)
    run = this_run([])
    assert f"{run.user}@{run.host}, pid {os.getpid()}, SLURM job 4711, since 20" in said
    assert "split, dedup" in said
    assert refused.value.exit_code == 75


def test_the_second_run_waits_until_the_first_has_ended(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    with holding(tmp_path) as first:
        assert first.stdin is not None
        ending = threading.Timer(0.3, first.stdin.close)
        ending.start()

        with leased(Store(str(tmp_path)), [], 30):
            assert (tmp_path / "done").exists()
        ending.join()

    assert f"pid {first.pid}" in caplog.text
    assert first.returncode == 0


def test_a_run_that_waits_can_be_told_to_stop(tmp_path):
    store, looks = Store(str(tmp_path)), iter([None, Stopped("told to")])

    def demand() -> None:
        if (said := next(looks)) is not None:
            raise said

    with leased(store, ["split"], 0):
        with pytest.raises(Stopped, match="told to"), leased(store, ["shard"], 3600, demand=demand):
            pytest.fail("two runs hold one dataset")
        assert next(looks, None) is None


def test_a_run_that_was_killed_on_this_machine_is_followed_at_once(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    with holding(tmp_path) as first:
        first.kill()  # and not waited for: it is a zombie now
        while Path(f"/proc/{first.pid}/stat").read_text().split()[2] != "Z":
            time.sleep(0.01)

        with leased(Store(str(tmp_path)), [], 0):
            assert "is taken over" in caplog.text

    assert not (tmp_path / FOLDER).exists()


def test_a_pid_that_was_given_to_another_process_does_not_keep_a_lease(tmp_path):
    run = this_run([])
    leave(Store(str(tmp_path)), replace(run, started=run.started - 1))

    with leased(Store(str(tmp_path)), [], 0):
        pass


def test_a_run_of_this_process_that_could_not_give_the_dataset_back_does_not_keep_it(tmp_path):
    leave(Store(str(tmp_path)), this_run([]))

    with leased(Store(str(tmp_path)), [], 0):
        pass


@pytest.mark.parametrize("since", ["1999-01-01 00:00:00+00:00", "2199-01-01 00:00:00+00:00"])
def test_a_holder_elsewhere_is_dead_once_its_count_has_stood_still_whatever_its_clock_says(tmp_path, since):
    store = Store(str(tmp_path))
    leave(store, replace(this_run([]), since=since, **ELSEWHERE))

    began = time.monotonic()
    with leased(store, [], 30, silence=0.5):
        assert time.monotonic() - began >= 0.5


def test_a_holder_elsewhere_that_counts_is_alive_whatever_its_clock_says(tmp_path):
    store, ended = Store(str(tmp_path)), threading.Event()
    leave(store, replace(this_run([]), since="1999-01-01 00:00:00+00:00", **ELSEWHERE))

    def count() -> None:
        number = 0
        while not ended.wait(0.1):
            number += 1
            store.write(f"{FOLDER}/_000001.beat", str(number).encode())

    counting = threading.Thread(target=count)
    counting.start()
    try:
        with pytest.raises(Busy), leased(store, [], 2, silence=1):
            pass
    finally:
        ended.set()
        counting.join()


def test_a_job_that_slurm_has_put_back_into_its_queue_takes_its_own_lease_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    leave(Store(str(tmp_path)), replace(this_run([]), **ELSEWHERE))

    with pytest.raises(Busy), leased(Store(str(tmp_path)), [], 0):  # another step of the same job
        pass
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    with leased(Store(str(tmp_path)), [], 0):
        pass


def test_what_is_no_lease_is_given_time_and_then_taken_over(tmp_path):
    store = Store(str(tmp_path))
    store.write(f"{FOLDER}/_000001.json", b"\xff\x00")

    with pytest.raises(Busy, match="unknown@unknown"), leased(store, [], 0):
        pass
    with leased(store, [], 30, silence=0.5):
        pass


def test_a_run_that_was_suspended_too_long_writes_nothing_more_and_says_so(tmp_path):
    with holding(tmp_path, silence=0.5) as first:
        os.kill(first.pid, signal.SIGSTOP)
        leaf = tmp_path / FOLDER / "_000001.json"
        leaf.write_bytes(replace(decode(leaf.read_bytes()), **ELSEWHERE).encode())  # or its pid would keep it alive

        with leased(Store(str(tmp_path)), ["shard"], 30, silence=0.5):
            os.kill(first.pid, signal.SIGCONT)
            _, said = first.communicate(timeout=60)

            assert first.returncode == 1
            assert "Busy" in said
            assert "this run was silent for too long" in said
            assert f"pid {os.getpid()}" in said
            assert not (tmp_path / "done").exists()
            assert (tmp_path / FOLDER / "_000002.json").exists()


def test_a_worker_of_a_run_that_was_written_off_commits_nothing(tmp_path):
    store = Store(str(tmp_path))
    with leased(store, [], 0) as link:
        link.demand(store)
        with pytest.raises(Busy, match="another has taken its place"):
            Link(link.number, "another run").demand(store)

    with pytest.raises(Busy, match="it has ended since"):
        link.demand(store)


def test_one_who_tried_too_late_does_not_find_what_it_built_on_and_withdraws(tmp_path):
    store, run = Store(str(tmp_path)), this_run([])
    dead = replace(run, token="dead", **ELSEWHERE)
    leave(store, run)  # in whose place there was a dead one when the late one looked
    leave(store, replace(run, token="late"), 2)

    assert not lease_module._is_sound(store, 2, dead)
    assert not lease_module._is_sound(store, 1, None)  # one who found nothing, and sees the late one now
    store.remove(f"{FOLDER}/_000002.json")
    assert lease_module._is_sound(store, 1, None)


def contend(root: str, turns: int, gate: multiprocessing.synchronize.Barrier, overlaps: str) -> None:
    store = Store(root)
    gate.wait()
    for _ in range(turns):
        with leased(store, [], 60):
            try:
                flag = os.open(overlaps, os.O_CREAT | os.O_EXCL)
            except FileExistsError:
                os._exit(9)
            os.close(flag)
            with open(f"{root}/turns", "a") as file:  # noqa: PTH123
                file.write(".")
            os.unlink(overlaps)  # noqa: PTH108


def test_of_many_who_find_the_holder_dead_one_at_a_time_gets_it(tmp_path):
    root = tmp_path / "o"
    leave(Store(str(root)), replace(this_run([]), started=1))
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(6)
    everyone = [context.Process(target=contend, args=(str(root), 5, gate, str(tmp_path / "inside"))) for _ in range(6)]
    for one in everyone:
        one.start()
    for one in everyone:
        one.join()

    assert [one.exitcode for one in everyone] == [0] * 6
    assert (root / "turns").read_text() == "." * 30
    assert not (root / FOLDER).exists()


def test_a_proof_costs_microseconds(tmp_path):
    store = Store(str(tmp_path))
    with leased(store, [], 0):
        from vidcurate.store import permit

        began = time.thread_time()
        for _ in range(10_000):
            permit.demand(store.url)
        spent = time.thread_time() - began

    assert spent / 10_000 < 20e-6
