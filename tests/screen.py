"""The command line on a terminal: a pseudo-terminal of a given width, and all that is written to it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

from tests.forked import started


def shown(*arguments: str, cwd: Path, columns: int = 100) -> subprocess.CompletedProcess[str]:
    """What `python -m vidcurate` with these arguments writes to a terminal, control sequences included, and returns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    written: list[bytes] = []
    reader = threading.Thread(target=_read, args=(ours, written))
    reader.start()
    process = started(_on_terminal, arguments, cwd, os.ttyname(theirs))
    os.close(theirs)
    reader.join()
    os.close(ours)
    return subprocess.CompletedProcess(arguments, process.exitcode or 0, b"".join(written).decode())


def _read(terminal: int, written: list[bytes]) -> None:
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # EIO: nobody holds its other end any more
            return
        written.append(part)


def _on_terminal(arguments: tuple[str, ...], cwd: Path, name: str) -> None:
    os.chdir(cwd)
    terminal = os.open(name, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(terminal, number)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w", 1), open(2, "w", 1)  # noqa: SIM115
    os.environ |= {"TERM": "xterm-256color"}
    from vidcurate.command import main

    sys.argv = ["vidcurate", *arguments]
    main()
