"""Which sharder and which dedup rule have made the shards: what run.json says, unless the config names other shards."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from vidcurate.dedup.base import Dedup
from vidcurate.errors import ConfigError
from vidcurate.recipe import Recipe
from vidcurate.registry import build, target
from vidcurate.sharder.base import Sharder
from vidcurate.stage.verify.check import Check, checked
from vidcurate.store.files import Store
from vidcurate.store.provenance import KEY

NAME = "dataset/run"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What has made the shards.

    Attributes:
        rule: decided which clips are duplicates.
        sharder: packed the others.
        is_said: whether run.json says so.
        elsewhere: what came from another dataset, `clips` or `decisions`, as run.json says.
        check: `dataset/run`, whether run.json can be read.
    """

    rule: Dedup
    sharder: Sharder
    is_said: bool = False
    elsewhere: tuple[str, ...] = ()
    check: Check


def made_by(store: Store, recipe: Recipe) -> Made:
    """What has made the shards of a dataset.

    Args:
        store: the dataset.
        recipe: counts where run.json says nothing, or nothing of shards of this kind while there are some.
    """
    said, check = _said(store)
    ours = Made(rule=recipe.dedup, sharder=recipe.sharder, check=check)
    packed_by = said.get("sharder")
    is_ours = isinstance(packed_by, dict) and packed_by.get("_target_") == target(type(recipe.sharder))
    if not said or (not is_ours and store.exists(recipe.sharder.folder)):
        return ours
    try:
        rule = cast("Dedup", build("dedup", f"{KEY}: dedup", said.get("dedup")))
        sharder = cast("Sharder", build("sharder", f"{KEY}: sharder", said.get("sharder")))
    except ConfigError as error:  # of another version, or of a package that is not installed
        log.warning("%s; verify goes by the config instead", error)
        return ours
    elsewhere = tuple(name for name in ("clips", "decisions") if said.get(name))
    return Made(rule=rule, sharder=sharder, is_said=True, elsewhere=elsewhere, check=check)


def _said(store: Store) -> tuple[Mapping[str, Any], Check]:
    """The config of the last `shard`, empty if there was none; and whether it could be read."""
    if not store.exists(KEY):
        return {}, Check(name=NAME, note=f"{KEY} is not there")
    try:
        steps = store.read_json(KEY)
    except ValueError as error:
        return {}, checked(NAME, [f"{KEY} cannot be read: {error}"])
    config: Any = steps
    for name in ("shard", "config"):
        config = config.get(name, {}) if isinstance(config, dict) else None
    if not isinstance(config, dict):
        return {}, checked(NAME, [f"{KEY} does not hold the config of each step"])
    return config, checked(NAME, [None])
