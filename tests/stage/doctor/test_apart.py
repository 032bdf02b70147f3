from __future__ import annotations

import os
import signal
import sys
import threading

import pytest

from vidcurate.stage.doctor.apart import Apart, Lost

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")


def test_what_a_look_has_seen_comes_back():
    assert Apart(lambda: ["a", 1], 60).answer() == ["a", 1]


def test_a_look_that_crashes_is_told_by_its_signal():
    with pytest.raises(Lost, match="was killed by SIGKILL"):
        Apart(lambda: os.kill(os.getpid(), signal.SIGKILL), 60).answer()


def test_a_look_that_ends_its_process_is_told_with_what_it_printed_last(capfd):
    def leave() -> None:
        os.write(2, b"Illegal driver\n\n")
        os._exit(7)

    with pytest.raises(Lost, match=r"ended with exit code 7: Illegal driver$"):
        Apart(leave, 60).answer()

    assert capfd.readouterr() == ("", "")


def test_a_look_that_hangs_is_given_up():
    with pytest.raises(Lost, match=r"has not answered in 0\.1 s"):
        Apart(threading.Event().wait, 0.1).answer()
