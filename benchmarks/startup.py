"""How long it takes until the command answers: CPU-seconds, beside those of `import hydra`, which it cannot go below.

    python benchmarks/startup.py [--repeats 20] [--python venv/bin/python]

Every command is run once in each round, so that whatever else the machine does falls on all alike; the figures are
medians of user + system time, children included. `--python` measures another installation, such as a wheel in a venv of
its own.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile

from rich.table import Table

from benchmarks.findings import Findings, add_json

HYDRA = "import hydra"
COMMANDS = {
    "pass": ("-c", "pass"),
    HYDRA: ("-c", HYDRA),
    "--help": ("-m", "vidcurate", "--help"),
    "--version": ("-m", "vidcurate", "--version"),
    "--cfg job": ("-m", "vidcurate", "--cfg", "job"),
    "a wrong key": ("-m", "vidcurate", "+experiment=quickstart", "spliter=none"),
    "doctor": ("-m", "vidcurate", "+experiment=doctor", "out=out"),
}


def cpu_seconds(command: list[str], folder: str) -> float:
    """CPU of a process that is started in a folder, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def startup(python: str, repeats: int) -> dict[str, float]:
    """Median CPU-seconds of each of `COMMANDS`; a first round warms the disk and does not count."""
    found: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeats + 1):
            for name, arguments in COMMANDS.items():
                found[name].append(cpu_seconds([python, *arguments], folder))
    return {name: statistics.median(seconds[1:]) for name, seconds in found.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--python", default=sys.executable)
    add_json(parser)
    given = parser.parse_args()
    medians, findings = startup(given.python, given.repeats), Findings(given.json)
    table = Table(title=f"median of {given.repeats} rounds")
    for name in ("command", "CPU-s", "of import hydra"):
        table.add_column(name, justify="left" if name == "command" else "right")
    for name, seconds in medians.items():
        table.add_row(name, f"{seconds:.3f}", f"{seconds / medians[HYDRA]:.2f} x")
        findings.figure(name, seconds / medians[HYDRA])
    findings.table(table)


if __name__ == "__main__":
    main()
