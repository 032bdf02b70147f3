"""What to do after a run: try what has failed again, take the next step, or load what is there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from vidcurate.recipe import Recipe
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.shell import Command
from vidcurate.store.mask import masked


def onward(
    summary: Mapping[str, Any], steps: Collection[str], recipe: Recipe, out: str, command: Command | None
) -> Iterator[tuple[str, str]]:
    """What can be done now: a word for it, and the command or the line of Python.

    Args:
        summary: of the dataset.
        steps: that the run has done.
        recipe: by which.
        out: the dataset, as it was given.
        command: that has started the run; None if it was no shell, which then is told no commands.
    """
    if command and "split" in steps and summary["videos"]["failed"]:
        yield "retry", command.again("retry=failed")
    if "shard" in steps:
        if summary["shards"] and summary["shards"]["samples"]:
            yield "load", _loading(recipe, masked(out))
    elif command and "dedup" in steps and summary["clips"]["kept"]:
        eps = (summary["dedup"] or {}).get("eps")
        yield "next", command.then("shard", f"out={out}", *([] if eps is None else [f"dedup.eps={eps!r}"]))
    elif command and "split" in steps and summary["clips"]["kept"]:
        yield "next", command.then("dedup", f"out={out}")


def _loading(recipe: Recipe, out: str) -> str:
    if isinstance(recipe.sharder, WebDataset):
        return f"from vidcurate.data import VideoData; VideoData({out!r})"
    return f"{out.rstrip('/')}/{recipe.sharder.folder}/README.md says how"
