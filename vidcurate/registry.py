"""What a component is, which ones exist, and how settings become one.

A component is a frozen value: its constructor is its config schema and its only defaults. It holds no weights;
`load(device)` runs on the worker and returns the function that does the work.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import importlib
import json
import pkgutil
import threading
from abc import ABC
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, TypeVar, cast, dataclass_transform

import pydantic
from pydantic.dataclasses import dataclass as pydantic_dataclass

from vidcurate.errors import ConfigError
from vidcurate.groups import KINDS as KINDS
from vidcurate.groups import trusted

Seconds = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]
"""A length of time, 0 or more."""
Positive = Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]
"""A rate or a length above 0."""
Fraction01 = Annotated[float, pydantic.Field(ge=0, le=1, allow_inf_nan=False)]
"""A share or a score between 0 and 1."""
Count = Annotated[int, pydantic.Field(ge=1)]
"""A number of things, 1 or more."""

Class = TypeVar("Class", bound=type)
Made = TypeVar("Made")


class Component(ABC):
    """One choice of an algorithm together with its settings.

    Attributes:
        kind: the family, one of `KINDS`; set by the family's base class.
        volatile: settings that do not change results (batch sizes, thresholds applied late); left out of fingerprints.
        version: raised when equal settings begin to give other results.
    """

    kind: ClassVar[str]
    volatile: ClassVar[frozenset[str]] = frozenset()
    version: ClassVar[int] = 1

    @property
    def name(self) -> str:
        """Registered name: the last word of the module, e.g. `transnetv2`."""
        return type(self).__module__.rsplit(".", 1)[-1]

    def check(self) -> None:  # noqa: B027  # most components need nothing
        """Whether this machine can run it; called before any work.

        Raises:
            MissingExtra: a package is not installed.
            MissingWeights: a model's weights are not there.
        """


_loading = threading.RLock()
_registered: dict[str, dict[str, type[Component]]] = {kind: {} for kind in KINDS}


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(dataclasses.field,))
def settings(cls: Class) -> Class:
    """Make a class a frozen, keyword-only value whose fields are checked and whose unknown keys are refused."""
    config = pydantic.ConfigDict(extra="forbid", validate_default=True)
    return cast("Class", pydantic_dataclass(cls, frozen=True, kw_only=True, config=config))


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(dataclasses.field,))
def register(cls: Class) -> Class:
    """Make a class a component that configs may name; its registered name is the last word of its module.

    Raises:
        ConfigError: another class of the same kind has that name.
    """
    component = settings(cls)
    name, family = cls.__module__.rsplit(".", 1)[-1], _registered[cls.kind]  # type: ignore[attr-defined]  # set by the family's base class
    rival = family.get(name)
    if rival is not None and (rival.__module__, rival.__qualname__) != (cls.__module__, cls.__qualname__):
        raise ConfigError([f"two {component.kind}s are called {name!r}: {target(rival)} and {target(cls)}"])  # type: ignore[attr-defined]  # as above
    family[name] = component
    return component


def registered(kind: str) -> Mapping[str, type[Component]]:
    """Every component of a kind that ships with vidcurate or has been imported, by name; read-only."""
    package = importlib.import_module(f"vidcurate.{kind}")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"vidcurate.{kind}.{module.name}")
    return MappingProxyType(dict(sorted(_registered[kind].items())))


def target(cls: type) -> str:
    """The `_target_` under which a config names a class."""
    return f"{cls.__module__}.{cls.__qualname__}"


def described(component: Component) -> dict[str, object]:
    """A component as a config would say it: `_target_` and settings."""
    names = [entry.name for entry in dataclasses.fields(component)]  # type: ignore[arg-type]  # see _problem
    return {"_target_": target(type(component)), **{name: getattr(component, name) for name in names}}


def fingerprint(*parts: object) -> str:
    """Short hash of components and plain values: equal fingerprints, equal results.

    Returns:
        16 hexadecimal digits of SHA-256 over canonical JSON.
    """
    return digest_of(canonical(*parts))


def canonical(*parts: object) -> str:
    """Components and plain values as canonical JSON, an array of them: what `fingerprint` hashes."""
    return json.dumps([_plain(part) for part in parts], sort_keys=True)


def digest_of(text: str) -> str:
    """The fingerprint of what has this canonical JSON."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def loaded(component: Any, device: str) -> Any:
    """`component.load(device)`, once per process: models stay in memory between videos, and threads share them."""
    with _loading:
        return _loaded(component, device)


@lru_cache(maxsize=32)
def _loaded(component: Any, device: str) -> Any:
    return component.load(device)


def build(kind: str, key: str, values: object) -> Component:
    """Make the component that a config describes, after the registry has admitted its class.

    Args:
        kind: the family it must belong to.
        key: where the settings stand in the config, for messages, e.g. `splitter` or `filter.motion`.
        values: mapping with `_target_` and the settings.

    Raises:
        ConfigError: with every problem found, near misses named.
    """
    if not isinstance(values, Mapping) or "_target_" not in values:
        raise ConfigError([f"{key}: expected an option of the group with a _target_, got {values!r}"])
    cls = admit(kind, key, values["_target_"])
    given = {str(name): value for name, value in values.items() if name != "_target_"}
    missing = [name for name, value in given.items() if value == "???"]
    if missing:
        raise ConfigError([f"{key}.{name} is required: give {key}.{name}=..." for name in missing])
    return made(cls, key, cls.__module__.rsplit(".", 1)[-1], given)


def made(cls: type[Made], key: str, name: str, given: Mapping[str, Any]) -> Made:
    """An object of a class that `settings` has made, from values that nobody has checked.

    Args:
        cls: the class.
        key: where the values stand in the config, for messages.
        name: what messages call the class.
        given: the values.

    Raises:
        ConfigError: with every problem found, near misses named.
    """
    try:
        return cls(**given)
    except pydantic.ValidationError as error:
        raise ConfigError([_problem(key, cls, name, dict(detail)) for detail in error.errors()]) from error


def admit(kind: str, key: str, name: object) -> type[Component]:
    """The registered class behind a `_target_`; nothing else is ever built from a config.

    Modules are imported only from vidcurate and from packages that declare a `vidcurate.conf` entry point.

    Raises:
        ConfigError: the class is not registered for this kind.
    """
    module_name, _, class_name = str(name).rpartition(".")
    cls = None
    if module_name.split(".")[0] in trusted():
        try:
            cls = getattr(importlib.import_module(module_name), class_name, None)
        except ImportError:
            cls = None
    if cls is not None and cls in _registered[kind].values():
        return cast("type[Component]", cls)  # membership in the registry proves it
    known = {target(entry): option for option, entry in registered(kind).items()}
    hint = near(str(name), known)
    raise ConfigError(
        [f"{key}._target_={name!r} is not a registered {kind}{hint}; registered: {', '.join(known.values())}"]
    )


def near(word: str, known: Sequence[str] | Mapping[str, object]) -> str:
    """`; did you mean ...?` for a misspelt word, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def _problem(key: str, cls: type, name: str, detail: dict[str, Any]) -> str:
    field = ".".join(str(part) for part in detail["loc"])
    names = [entry.name for entry in dataclasses.fields(cls)]
    if detail["type"] == "unexpected_keyword_argument":
        return f"{key}.{field} is not a key of {name}{near(field, names)}; keys: {', '.join(names)}"
    if detail["type"] in {"missing", "missing_argument", "missing_keyword_only_argument"}:
        return f"{key}.{field} is required: give {key}.{field}=..."
    where = f"{key}.{field}={detail['input']!r}" if field else key  # what two settings make of each other has no field
    return f"{where}: {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _plain(part: object) -> object:
    if part is None or type(part) in (str, int, float, bool):  # most are; asking abstract classes takes far longer
        return part
    if isinstance(part, Component):
        fields = {entry.name: _plain(getattr(part, entry.name)) for entry in dataclasses.fields(part)}  # type: ignore[arg-type]  # see _problem
        kept = {name: value for name, value in fields.items() if name not in part.volatile}
        return {"target": target(type(part)), "version": part.version, "settings": kept}
    if isinstance(part, Mapping):
        return {str(name): _plain(value) for name, value in part.items()}
    if isinstance(part, (list, tuple, set, frozenset)):
        return [_plain(value) for value in part]
    return part
