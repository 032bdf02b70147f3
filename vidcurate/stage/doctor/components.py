"""The components of the configuration: whether each can run here, and where the weights are that it reads."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from vidcurate.errors import VidcurateError
from vidcurate.model.asked import Asked, asking
from vidcurate.registry import Component
from vidcurate.stage.doctor.finding import Case, parted, told
from vidcurate.stage.findings import Finding, note, ok, trouble

CHECKPOINTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")
"""Names of weights in the hub's cache."""


def components(case: Case) -> Iterator[Finding]:
    """Each component's own check, as a run would ask it, then what it has asked for."""
    told_of: set[Asked] = set()
    for component in case.recipe.components(case.steps):
        with asking() as things:
            yield _checked(component)
        for thing in things:
            if thing not in told_of:
                told_of.add(thing)
                yield from _examined(thing)


def _checked(component: Component) -> Finding:
    name = f"{component.kind}={component.name}"
    try:
        component.check()
    except VidcurateError as error:
        return trouble(name, *parted(error))
    except (Exception, SystemExit) as error:  # a library that it asks is broken
        return trouble(name, f"its check broke off: {told(error)}", "mend or reinstall the library that is named")
    return ok(name, "can run")


def _examined(thing: Asked) -> Iterator[Finding]:
    if thing.kind == "module":
        yield _imported(thing.name)
    elif thing.path is not None:
        yield ok(f"weights {Path(thing.name).name}", f"{thing.path}, {_size(thing.path) / 1e6:.1f} MB")
    else:
        yield _cached(thing.name)


def _imported(module: str) -> Finding:
    try:
        found = importlib.import_module(module)
    except (Exception, SystemExit) as error:  # of whatever kind
        return trouble(module, f"cannot be imported: {told(error)}", _again(module))
    return ok(module, f"{getattr(found, '__version__', '')} can be imported".strip())


def _again(module: str) -> str:
    owners = metadata.packages_distributions().get(module, [module])
    return f"pip install --force-reinstall --no-deps {' '.join(sorted(set(owners)))}"


def _size(path: Path) -> int:
    """Bytes of a file, or of the files of a folder."""
    return sum(file.stat().st_size for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())


def _cached(model: str) -> Finding:
    """Whether the hub's cache holds the weights of a checkpoint."""
    name, fetch = f"weights {model}", f"hf download {model}"
    try:
        from huggingface_hub import try_to_load_from_cache

        found = [path for file in CHECKPOINTS if isinstance(path := try_to_load_from_cache(model, file), str)]
    except Exception as error:  # the library is broken, or the id none of its
        return note(name, f"whether they are here is not known: {told(error)}", fetch)
    if not found:
        return note(name, "are not on this machine; the first run fetches them, if it reaches the hub", fetch)
    folder = Path(found[0]).parent
    return ok(name, f"{folder}, {_size(folder) / 1e6:.1f} MB")
