from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.media import write_video
from tests.runtime.test_processes import wait_for
from tests.test_pipeline import everything
from vidcurate.errors import Stopped
from vidcurate.runtime.local import Local
from vidcurate.runtime.stop import demand_running, heeding, seconds_left, stopping

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGUSR2]


def signalled_at(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGTERM)
    return number


def consume(numbers: Iterable[int], into: list[int]) -> None:
    for number in numbers:
        into.append(number)


def stubborn(*signals: int) -> None:
    """Half a minute of work that takes every exception for a fault of a video."""
    end = time.monotonic() + 30
    for number in signals:
        os.kill(os.getpid(), number)
    while time.monotonic() < end:
        with contextlib.suppress(Exception):
            time.sleep(30)


def test_the_item_under_way_ends_and_nothing_more_is_begun():
    done: list[int] = []

    with heeding(), pytest.raises(Stopped, match=r"SIGTERM: .* kept: 3 of 6, 3 are left\. The same command goes on"):
        consume(Local().map(signalled_at, range(6)), done)

    assert done == [0, 1, 2]


def test_a_signal_at_the_last_item_stops_the_run_at_its_next_step():
    with heeding():
        assert list(Local().map(signalled_at, range(3))) == [0, 1, 2]
        assert stopping()
        assert 0 < seconds_left() <= 25
        with pytest.raises(Stopped, match="SIGTERM"):
            demand_running()


def test_what_has_not_ended_in_time_is_broken_off_though_it_catches_exceptions():
    began = time.monotonic()

    with pytest.raises(Stopped, match=r"SIGTERM: .* broken off"), heeding(grace=0.1):
        stubborn(signal.SIGTERM)

    assert time.monotonic() < began + 10


def test_a_second_interrupt_breaks_off_at_once():
    began = time.monotonic()

    with pytest.raises(Stopped, match=r"SIGINT: .* broken off"), heeding(grace=30):
        stubborn(signal.SIGINT, signal.SIGINT)

    assert time.monotonic() < began + 10


@pytest.mark.parametrize("number", SIGNALS)
def test_handlers_of_others_are_called_at_the_end_and_stand_again(number):
    called = []
    before = signal.signal(number, lambda number, _: called.append(number))
    try:
        theirs = signal.getsignal(number)
        with heeding():
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), signal.SIGTERM)
            assert called == []
        assert called == [number]
        assert signal.getsignal(number) is theirs
        assert not stopping()
    finally:
        signal.signal(number, before)


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with heeding():
            os.kill(os.getpid(), signal.SIGINT)
            assert not stopping()
    finally:
        signal.signal(signal.SIGINT, before)


COMMAND = (
    "+experiment=split",
    "source.path=videos",
    "splitter=fixed",
    "splitter.length=1",
    "splitter.min_length=0.5",
    "embedder=histogram",
)


def start(folder: Path, out: str, *runtime: str) -> subprocess.Popen[str]:
    """The command line in a process group of its own."""
    command = [sys.executable, "-m", "vidcurate", *COMMAND, f"out={out}", *runtime]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def records(folder: Path) -> list[Path]:
    return list((folder / "processed_videos").glob("[0-9a-f]*.json"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Path:
    """A folder of 16 videos with the dataset `whole`."""
    folder = tmp_path_factory.mktemp("stop")
    (folder / "videos").mkdir()
    for number in range(16):
        write_video(folder / "videos" / f"{number:02}.mp4", (40, 40), seed=number % 3, gop=20 + number)
    process = start(folder, "whole", "runtime=local")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("names", "says"), [(["SIGTERM"], "left"), (["SIGINT", "SIGINT"], "broken off")])
def test_a_command_that_is_stopped_goes_on_to_the_same_bytes(undisturbed, names, says):
    out = "-".join(names)
    process = start(undisturbed, out, "runtime=processes", "runtime.workers=2")
    wait_for(lambda: records(undisturbed / out), lambda found: len(found) >= 2, seconds=120)

    for name in names:  # to all its processes, as a terminal and SLURM do
        os.killpg(process.pid, signal.Signals[name])
        time.sleep(0.2)
    _, said = process.communicate(timeout=120)

    assert process.returncode == 75, said
    assert f"vidcurate: stopped by {names[0]}: " in said
    assert says in said
    assert "Traceback" not in said
    assert 2 <= len(records(undisturbed / out)) < 16
    assert group(process.pid) == []
    again = start(undisturbed, out, "runtime=local")
    _, said = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert everything(undisturbed / out) == everything(undisturbed / "whole")
    assert not list((undisturbed / out).glob(".staging-*"))


def group(leader: int) -> list[str]:
    """Processes that are left of a process group."""
    left = wait_for(lambda: subprocess.run(["pgrep", "-g", str(leader)], capture_output=True, text=True), not_found)
    return left.stdout.split()


def not_found(ended: subprocess.CompletedProcess[str]) -> bool:
    return not ended.stdout
