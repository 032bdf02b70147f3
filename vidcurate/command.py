"""The command: its flags and its help page, before Hydra is imported, which takes longer than to show them."""

from __future__ import annotations

import sys
from importlib.metadata import version

from vidcurate.shell import Command
from vidcurate.terminal import NOTICE

FLAGS = {"-v": "verbose", "--verbose": "verbose", "-q": "quiet", "--quiet": "quiet"}
LOUDNESS = {
    "verbose": ("hydra.verbose=[vidcurate]",),
    "quiet": tuple(f"++hydra.{log}.handlers.console.level={NOTICE}" for log in ("job_logging", "hydra_logging")),
}
"""How Hydra is told, so that jobs of a sweep, wherever they run, are as loud."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    arguments = sys.argv[1:]
    if {"--help", "-h"} & set(arguments):
        from vidcurate.groups import conf_dir
        from vidcurate.help import page

        print(page(conf_dir()))
    elif "--version" in arguments:
        print(f"vidcurate {version('vidcurate')}")
    elif len(flags := {FLAGS[argument] for argument in arguments if argument in FLAGS}) > 1:
        sys.exit(_refused())
    else:
        from vidcurate.app import main as run

        told = [override for flag in flags for override in LOUDNESS[flag]]
        run([*(argument for argument in arguments if argument not in FLAGS), *told], Command.of(sys.argv))


def _refused() -> int:
    print("vidcurate: --verbose and --quiet exclude each other", file=sys.stderr)
    return 2
