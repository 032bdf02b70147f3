"""What made a dataset, as run.json tells it: the filters that judged its clips, the rule that decided, the command."""

from __future__ import annotations

import dataclasses
import json
import logging
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, cast

from vidcurate.dedup.base import Dedup
from vidcurate.errors import ConfigError
from vidcurate.filter.base import Filter
from vidcurate.recipe import Recipe
from vidcurate.registry import admit, build
from vidcurate.store.files import Store
from vidcurate.store.mask import masked
from vidcurate.store.provenance import KEY

log = logging.getLogger(__name__)

FAMILIES = {
    "split": ("source", "splitter", "transcoder", "filter", "embedder", "captioner", "enhancer", "preview"),
    "dedup": ("cluster", "neighbours", "dedup"),
}
"""Of the components that a step uses."""
OTHERS: Mapping[str, Mapping[str, Any]] = {
    "split": {"keep_filtered": True, "decoder": "cpu"},
    "dedup": {"embeddings": None, "against": []},
}
"""What else decides how a step comes out, and what it is if nobody says it."""
LATE = {"dedup.eps", "dedup.sweep"}
"""What the page itself proposes."""
PLAIN = re.compile(r"[\w./:@%+-]+")
"""Text that Hydra takes without quotes."""


def config_of(store: Store, step: str) -> Mapping[str, Any]:
    """The config by which a step was done last; empty where nobody has written it down."""
    told = store.read_json(KEY) if store.exists(KEY) else {}
    found = told.get(step, {}).get("config", {})
    return found if isinstance(found, Mapping) else {}


def filters_of(store: Store) -> list[Filter]:
    """The filters that have judged the clips; those that cannot be made here are left out, which the log says."""
    found = config_of(store, "split").get("filter") or {}
    made = (_built("filter", f"filter.{name}", values) for name, values in found.items())
    return [cast("Filter", entry) for entry in made if entry is not None]


def rule_of(store: Store) -> Dedup | None:
    """The rule that has decided; None where that is not known."""
    values = config_of(store, "dedup").get("dedup")
    return cast("Dedup | None", _built("dedup", "dedup", values)) if values else None


def _built(kind: str, key: str, values: Any) -> Any:
    try:
        return build(kind, key, values)
    except ConfigError as error:
        log.info("report: %s", error)
        return None


def command(store: Store, step: str) -> list[str]:
    """The command that does a step again as it was done, in words that a shell takes; what is stored is not made anew.

    Args:
        store: the dataset.
        step: `split` or `dedup`; the epsilon is left out.
    """
    words = [f"out={store.url}", *_overrides(config_of(store, step), step)]
    return ["vidcurate", f"+experiment={step}", *(shlex.quote(masked(word)) for word in words)]


def _overrides(config: Mapping[str, Any], step: str) -> Iterator[str]:
    """What differs from the defaults, as overrides."""
    usual: Mapping[str, Any] = json.loads(json.dumps(Recipe().config()))
    for kind in FAMILIES[step]:
        given = config.get(kind)
        if kind == "filter" and given is not None:
            if set(given) != set(usual[kind]):
                yield f"filter=[{','.join(given)}]"
            for name, values in given.items():
                yield from _settings(kind, f"filter.{name}", values)
        elif given:
            if given.get("_target_") != usual.get(kind, {}).get("_target_"):
                yield f"{kind}={str(given['_target_']).split('.')[-2]}"
            yield from _settings(kind, kind, given)
    for name, value in OTHERS[step].items():
        if config.get(name, value) != value:
            yield f"{name}={_written(config[name])}"


def _settings(kind: str, key: str, given: Mapping[str, Any]) -> Iterator[str]:
    try:
        fields = dataclasses.fields(cast("Any", admit(kind, key, given.get("_target_"))))
    except ConfigError:
        return
    usual = {entry.name: json.loads(json.dumps(entry.default, default=str)) for entry in fields}
    for name, value in given.items():
        if name != "_target_" and f"{key}.{name}" not in LATE and (name not in usual or usual[name] != value):
            yield f"{key}.{name}={_written(value)}"


def _written(value: Any) -> str:
    """A value as Hydra reads it."""
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, str) and not PLAIN.fullmatch(value):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return value if isinstance(value, str) else json.dumps(value)
