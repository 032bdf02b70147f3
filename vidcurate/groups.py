"""Where options come from: the groups, the folder of their files, and the folders that other packages add.

Nothing heavy is imported, so that the help page is there at once.
"""

from __future__ import annotations

import importlib.metadata
from functools import cache
from pathlib import Path

KINDS = (
    "source", "splitter", "transcoder", "filter", "embedder", "captioner", "enhancer", "preview",
    "cluster", "neighbours", "dedup", "sharder", "runtime",
)  # fmt: skip
"""The families of components; each is a folder of `conf/` and a package of `vidcurate`."""

GROUPS = (*KINDS, "experiment", "local")
"""Every group of options."""


def conf_dir() -> Path:
    """The folder of options: beside the package in a checkout, inside it in a wheel."""
    installed = Path(__file__).parent / "conf"
    return installed if installed.is_dir() else Path(__file__).parents[1] / "conf"


def config_packages() -> tuple[importlib.metadata.EntryPoint, ...]:
    """Entry points by which other packages bring a folder of options: `vidcurate.conf`, value `package.folder`."""
    return tuple(importlib.metadata.entry_points(group="vidcurate.conf"))


@cache
def trusted() -> frozenset[str]:
    """Packages whose components configs may name: vidcurate, and those that bring options."""
    return frozenset({"vidcurate"}) | {entry.value.split(":")[0].split(".")[0] for entry in config_packages()}
