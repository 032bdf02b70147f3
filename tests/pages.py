"""The blocks of code in the pages of docs/, and how each of them wants to be tested.

A mark in the line above a block says how, and why:

    <!-- composed: there is no GPU here -->     its commands are composed and checked, not run
    <!-- not run: a program of others -->       what is not vidcurate's in it is not looked at
    <!-- elsewhere: tests/test_training.py -->  that file runs it

Without a mark a block is run as its reader would, in the order of the page; commands are vidcurate's then, all of them.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, open_dict

from vidcurate.app import forced
from vidcurate.config import job
from vidcurate.errors import ConfigError
from vidcurate.groups import conf_dir

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {page.name: page.read_text(encoding="utf-8") for page in sorted(DOCS.glob("*.md"))}
BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>composed|not run|elsewhere): (?P<why>.+?) -->\n)?^```(?P<kind>bash|python)\n(?P<text>.*?)^```",
    re.DOTALL | re.MULTILINE,
)
OURS = re.compile(r"(?:\S+=\S+ )*(?:\$?\S*python3? -m )?(?:vidcurate|launchers/slurm_sweep\.sh) ")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Attributes:
        page: name of its file.
        line: in it.
        kind: `bash` or `python`.
        text: of the block.
        mark: how it is tested; empty means that it is run.
        why: what the mark says.
    """

    page: str
    line: int
    kind: str
    text: str
    mark: str
    why: str

    @property
    def commands(self) -> list[str]:
        """Lines of shell, joined where they go on, without comments."""
        if self.kind != "bash":
            return []
        joined = re.sub(r"\\\n\s*", "", self.text)
        lines = (re.sub(r"\s{2,}# .*$", "", line).strip() for line in joined.splitlines())
        return [line for line in lines if line and not line.startswith("#")]

    @property
    def ours(self) -> list[str]:
        """Those that run vidcurate."""
        return [command for command in self.commands if OURS.match(command)]


def blocks() -> list[Block]:
    """All of them, page by page."""
    found = []
    for page, text in PAGES.items():
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start("kind")) + 1
            parts = (match[name] or "" for name in ("kind", "text", "mark", "why"))
            found.append(Block(page, line, *parts))
    return found


def arguments(command: str) -> list[str]:
    """Overrides of a command, as vidcurate passes them to Hydra; of a sweep the first job's."""
    words = shlex.split(command.replace("…", "x"))
    program = next(index for index, word in enumerate(words) if word in ("vidcurate", "launchers/slurm_sweep.sh"))
    given = iter(words[program + 1 :])
    found = ["hydra/launcher=slurm"] if words[program] == "launchers/slurm_sweep.sh" else []
    for word in given:
        if word in ("--cfg", "-p", "--config-dir"):
            next(given)
        elif not word.startswith("-"):
            found.append(forced(re.sub(r"^([^=\[{]+=[^,\[{'\"]*),[^\[{]*$", r"\1", word)))
    return found


def composed(overrides: list[str]) -> DictConfig:
    """What Hydra makes of overrides."""
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir())):
        config = compose("config", overrides=overrides)
    with open_dict(config):
        config.pop("hydra", None)
    return config


def problems(overrides: list[str]) -> list[str]:
    """What is wrong with a command, but for a model or a folder that pages leave to their reader."""
    try:
        job(composed(overrides))
    except ConfigError as error:
        return [problem for problem in error.problems if "is required: give" not in problem]
    except HydraException as error:
        return [str(error)]
    return []
