"""The command line in a process of its own that has its libraries already: forked from one that imported them once."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

PRELOADED = ["vidcurate.app", "vidcurate.pipeline", "torch", "av", "matplotlib.figure", "jinja2"]


def vidcurate(*arguments: str, cwd: Path, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess:
    """What `python -m vidcurate` with these arguments does, prints and returns."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = context.Process(target=_main, args=(arguments, cwd, environment or {}, out, err))
        process.start()
        process.join(400)
        process.kill()
        process.join()
        return subprocess.CompletedProcess(arguments, process.exitcode, out.read_text(), err.read_text())


def _main(arguments: tuple[str, ...], cwd: Path, environment: Mapping[str, str], out: Path, err: Path) -> None:
    os.chdir(cwd)
    os.environ |= environment
    sys.argv = ["vidcurate", *arguments]
    with out.open("w") as stdout, err.open("w") as stderr:
        os.dup2(stdout.fileno(), 1)
        os.dup2(stderr.fileno(), 2)
        sys.stdout, sys.stderr = stdout, stderr
        from vidcurate.app import main

        main()
