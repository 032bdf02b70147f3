"""The command line in a process of its own that has its libraries already: forked from one that imported them once."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

PRELOADED = ["vidcurate.app", "vidcurate.config", "vidcurate.run", "torch", "av", "matplotlib.figure", "jinja2"]


def vidcurate(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """What `python -m vidcurate` with these arguments does, prints and returns."""
    return _run(_vidcurate, arguments, cwd)


def python(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """What `python -c` does with this code."""
    return _run(_python, (code,), cwd)


def started(function: Callable[..., None], *arguments: object) -> BaseProcess:
    """A process that has called a function, and has ended."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=function, args=arguments)
    process.start()
    process.join(400)
    process.kill()
    process.join()
    return process


def _run(main: Callable[..., None], arguments: tuple[str, ...], cwd: Path) -> subprocess.CompletedProcess[str]:
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = started(_redirected, main, arguments, dict(os.environ), cwd, out, err)
        return subprocess.CompletedProcess(arguments, process.exitcode or 0, out.read_text(), err.read_text())


def _redirected(
    main: Callable[..., None],
    arguments: tuple[str, ...],
    environment: dict[str, str],
    cwd: Path,
    out: Path,
    err: Path,
) -> None:
    """Run main in this environment, since the server that forks keeps the one in which it began."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    with out.open("w") as stdout, err.open("w") as stderr:
        os.dup2(stdout.fileno(), 1)
        os.dup2(stderr.fileno(), 2)
        sys.stdout, sys.stderr = stdout, stderr
        main(*arguments)


def _vidcurate(*arguments: str) -> None:
    from vidcurate.command import main

    sys.argv = ["vidcurate", *arguments]
    main()


def _python(code: str) -> None:
    exec(compile(code, "<snippet>", "exec"), {"__name__": "__main__"})
