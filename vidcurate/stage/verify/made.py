"""Which sharder and which dedup rule have made the shards: what run.json says, unless the config names other shards."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import cast

from vidcurate.dedup.base import Dedup
from vidcurate.errors import ConfigError
from vidcurate.recipe import Recipe
from vidcurate.registry import build, target
from vidcurate.sharder.base import Sharder
from vidcurate.store.files import Store
from vidcurate.store.provenance import KEY

log = logging.getLogger(__name__)


def made_by(store: Store, recipe: Recipe) -> tuple[Dedup, Sharder, bool]:
    """What has made the shards.

    Args:
        store: the dataset.
        recipe: counts where run.json says nothing, or nothing of shards of this kind while there are some.

    Returns:
        The rule, the sharder, and whether run.json says that shards have been made.
    """
    said = _said(store)
    ours = said.get("sharder", {}).get("_target_") == target(type(recipe.sharder))
    if not said or (not ours and store.exists(recipe.sharder.folder)):
        return recipe.dedup, recipe.sharder, False
    try:
        rule = cast("Dedup", build("dedup", f"{KEY}: dedup", said.get("dedup")))
        sharder = cast("Sharder", build("sharder", f"{KEY}: sharder", said.get("sharder")))
    except ConfigError as error:  # of another version, or of a package that is not installed
        log.warning("%s; verify goes by the config instead", error)
        return recipe.dedup, recipe.sharder, False
    return rule, sharder, True


def _said(store: Store) -> Mapping[str, Mapping[str, object]]:
    """The config of the last `shard`; empty if there was none."""
    steps = store.read_json(KEY) if store.exists(KEY) else {}
    return dict(steps.get("shard", {}).get("config", {}))
