"""Which settings are tried of each splitter, around its defaults."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from vidcurate.registry import registered
from vidcurate.splitter.base import Splitter

PROBABILITIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
NETWORK: Mapping[str, Sequence[Any]] = {"threshold": PROBABILITIES, "recheck": (False, True)}
GRID: Mapping[str, Mapping[str, Sequence[Any]]] = {
    "transnetv2": NETWORK,
    "fused": {"threshold": PROBABILITIES, "jump": (0.15, 0.2, 0.25, 0.3, 0.4), "recheck": (False, True)},
    "adaptive": {
        "threshold": (2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0),
        "min_change": (5.0, 10.0, 15.0, 20.0),
        "recheck": (False, True),
    },
    "content": {
        "threshold": (15.0, 18.0, 21.0, 24.0, 27.0, 30.0, 35.0, 40.0, 50.0),
        "recheck": (False, True),
    },
    "hash": {"threshold": (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5), "recheck": (False, True)},
    "hist": {"threshold": (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5), "recheck": (False, True)},
}
"""By splitter and setting, the values that are tried, rising; settings in the order in which they are tuned."""
FAMILIES: Mapping[str, str] = {"transnetv2": "network", "fused": "network", "adaptive": "change", "content": "change"}
"""Splitters that look at the same; all others stand for themselves."""


def default(name: str, like: Splitter) -> Splitter:
    """A splitter with its own defaults, and the lengths of another."""
    lengths = {field.name: getattr(like, field.name) for field in dataclasses.fields(Splitter)}
    kept = {key: value for key, value in lengths.items() if key != "recheck"}
    return cast("Splitter", registered("splitter")[name](**kept))


def tuned(splitter: Splitter, worth: Callable[[Splitter], float]) -> Splitter:
    """The splitter with the settings that are worth most, one setting after the other; of equals, the nearest to it.

    Args:
        splitter: where to start.
        worth: of a splitter; larger is better.
    """
    best, most = splitter, worth(splitter)
    for key, values in GRID.get(splitter.name, {}).items():
        tried = best
        for value in sorted(values, key=lambda value: abs(value - getattr(tried, key))):
            option = cast("Splitter", dataclasses.replace(cast("Any", tried), **{key: value}))
            if option != tried and (found := worth(option)) > most:
                best, most = option, found
    return best


def changed(splitter: Splitter) -> dict[str, Any]:
    """Settings of a splitter that are not its defaults."""
    defaults = type(splitter)()
    return {
        field.name: value
        for field in dataclasses.fields(cast("Any", splitter))
        if (value := getattr(splitter, field.name)) != getattr(defaults, field.name)
    }
