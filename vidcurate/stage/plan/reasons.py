"""Why a run would work on a video again: which product is made of other settings by now, and which settings those are.

A record holds fingerprints only. The settings that it was made with are those of run.json, if they give its
fingerprints; if not, the video is of an earlier run still, and only the components can be named.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from vidcurate.errors import ConfigError
from vidcurate.recipe import Recipe
from vidcurate.registry import Component, build, described
from vidcurate.stage.record import Known, wanted
from vidcurate.store.files import Store
from vidcurate.store.provenance import KEY

CUT = ("splitter", "transcoder", "decoder")
MAKERS = {
    "clips": CUT,
    "embedding": ("embedder",),
    "caption": ("captioner",),
    "enhanced_caption": ("captioner", "enhancer"),
    "preview": ("preview",),
}
"""Parts of a recipe that decide each product, beside the clips that it is made of."""


def recipe_of_record(store: Store, recipe: Recipe) -> Recipe | None:
    """The recipe of the last split of a dataset, as run.json tells it; None where it does not."""
    try:
        config = store.read_json(KEY)["split"]["config"]
        parts: dict[str, Any] = {
            kind: build(kind, kind, config[kind])
            for kind in ("splitter", "transcoder", "embedder", "captioner", "enhancer", "preview")
        }
        parts["filter"] = tuple(build("filter", f"filter.{name}", one) for name, one in config["filter"].items())
        return replace(recipe, **parts, decoder=config["decoder"])
    except (FileNotFoundError, NotADirectoryError, KeyError, TypeError, AttributeError, ValueError, ConfigError):
        return None


def why_again(record: Known, products: Collection[str], recipe: Recipe, before: Recipe | None) -> str:
    """A sentence on what differs.

    Args:
        record: of the video.
        products: of `wanted` that have to be made, at least one.
        recipe: that is planned.
        before: that of the last split, if it is known.
    """
    names = sorted(products if "clips" not in products else ["clips"])
    told = wanted(before) if before is not None else {}
    parts: list[str] = []
    for name in names:
        makers = MAKERS.get(name, ("filter",))
        if name not in record.made_from:
            parts.append(f"{name} was not made before")
        elif before is not None and told.get(name) == record.made_from[name]:
            parts.append(f"{name}: {', '.join(_differences(before, recipe, makers, name)) or 'a newer version'}")
        else:
            parts.append(f"{name}: another {' or '.join(makers)}, or a newer version of it")
    return "; ".join(dict.fromkeys(parts))


def _differences(before: Recipe, now: Recipe, makers: Collection[str], product: str) -> Iterator[str]:
    """Settings that are others, as the command line names them."""
    for maker in makers:
        if maker == "filter":
            name = product.partition("/")[2]
            old, new = ({one.name: one for one in recipe.filter}.get(name) for recipe in (before, now))
            yield from _settings(f"filter.{name}", old, new)
        elif maker == "decoder":
            if before.decoder != now.decoder:
                yield f"decoder={before.decoder} is now {now.decoder}"
        else:
            yield from _settings(maker, getattr(before, maker), getattr(now, maker))


def _settings(key: str, before: Component | None, now: Component | None) -> Iterator[str]:
    if before is None or now is None or type(before) is not type(now):
        names = (one.name if one is not None else "none" for one in (before, now))
        yield f"{key}={' is now '.join(names)}"
        return
    old, new = _plain(before), _plain(now)
    for field in fields(before):  # type: ignore[arg-type]  # every component is a dataclass
        if field.name not in before.volatile and old[field.name] != new[field.name]:
            yield f"{key}.{field.name}={old[field.name]!r} is now {new[field.name]!r}"


def _plain(component: Component) -> Mapping[str, Any]:
    return dict(json.loads(json.dumps(described(component), default=str)))
