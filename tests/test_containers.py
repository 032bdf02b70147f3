"""What can be said of the container files without a container: they copy what is needed and install what exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "launchers/Dockerfile").read_text(encoding="utf-8")
APPTAINER = (ROOT / "launchers/apptainer.def").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def copied() -> set[str]:
    """What the Dockerfile copies, from the root of the checkout."""
    lines = re.findall(r"^COPY (.+) \S+$", DOCKERFILE, flags=re.MULTILINE)
    return {name for line in lines for name in line.split()}


def commands(text: str) -> list[str]:
    """The lines that install something."""
    found = [line.strip().removeprefix("RUN ") for line in text.splitlines()]
    return [line for line in found if "pip install" in line or line.startswith("apt-get")]


def test_all_that_the_wheel_is_made_of_is_copied_and_ignored_by_nothing():
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], PROJECT["project"]["readme"], "pyproject.toml", "LICENSE"}
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    assert copied() == needed == let_through
    assert all((ROOT / name).exists() for name in needed)


def test_apptainer_copies_and_installs_what_docker_does():
    files = re.findall(r"^    (\S+) /opt/vidcurate/\1$", APPTAINER, flags=re.MULTILINE)

    assert set(files) == copied()
    assert len(commands(DOCKERFILE)) == 2
    assert commands(APPTAINER) == commands(DOCKERFILE)


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_the_extras_that_are_installed_exist(device):
    (line,) = (command for command in commands(DOCKERFILE) if "pip install" in command)

    extras = re.search(r'"\.\[(.+)\]"', line)[1].replace("$DEVICE", device).split(",")

    assert set(extras) <= set(PROJECT["project"]["optional-dependencies"])
