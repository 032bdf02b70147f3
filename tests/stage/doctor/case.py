"""A configuration for the doctor to look at."""

from __future__ import annotations

from pathlib import Path

from vidcurate.embedder.histogram import Histogram
from vidcurate.recipe import Recipe
from vidcurate.runtime.local import Local
from vidcurate.splitter.fixed import Fixed
from vidcurate.stage.doctor import Case

LIGHT = {"splitter": Fixed(), "embedder": Histogram()}


def case(out: Path, *, recipe: Recipe | None = None, **facts: object) -> Case:
    """One that needs little, unless told otherwise."""
    given = {"steps": ("split", "dedup", "shard"), "runtime": Local()} | facts
    return Case(recipe=recipe or Recipe(**LIGHT), out=str(out), **given)
