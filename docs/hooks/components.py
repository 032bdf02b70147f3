"""A page for every kind of component, written from the registry: options, types, ranges, defaults, words, sources."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

import pydantic

from docs.hooks.docstrings import attributes, prose
from vidcurate.groups import conf_dir
from vidcurate.registry import KINDS, Component, registered

TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}
LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<", "ge": "≥"}


def pages() -> dict[str, str]:
    """Markdown by the name of its file below `components/`; `index.md` lists all."""
    return {"index.md": _index()} | {f"{kind}.md": _page(kind) for kind in KINDS}


def _index() -> str:
    lines = ["# Components", "", "Every part of a run is chosen by `GROUP=OPTION` and set by `GROUP.KEY=VALUE`.", ""]
    lines += ["| group | options | what it is |", "|---|---|---|"]
    for kind in KINDS:
        options = ", ".join(f"[`{name}`]({kind}.md#{name})" for name in registered(kind))
        lines.append(f"| [`{kind}`]({kind}.md) | {options} | {_first(_base(kind).__doc__ or '')} |")
    return "\n".join(lines) + "\n"


def _page(kind: str) -> str:
    base = _base(kind)
    parts = [f"# {kind}\n", f"{prose(inspect.getmodule(base).__doc__ or '')}\n", f"{prose(base.__doc__ or '')}\n"]
    parts.append(f"Written from the code of `vidcurate.{kind}` when these pages were built.\n")
    for name, cls in registered(kind).items():
        parts += _option(kind, name, cls)
    return "\n".join(parts)


def _option(kind: str, name: str, cls: type[Component]) -> Iterator[str]:
    yaml = (conf_dir() / kind / f"{name}.yaml").read_text(encoding="utf-8")
    yield f"## {name}\n"
    yield f"{prose(cls.__doc__ or '')}\n"
    yield f"{prose(inspect.getmodule(cls).__doc__ or '')}\n"
    rows = list(options(cls))
    key = f"filter.{name}" if kind == "filter" else kind
    if rows:
        notes = _notes(yaml)
        yield "| key | type and range | default | meaning | unit, note |"
        yield "|---|---|---|---|---|"
        for option, kind_of, default, meaning in rows:
            cells = (f"`{key}.{option}`", kind_of, f"`{default}`", meaning, notes.get(option, ""))
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
        yield ""
    else:
        yield "It has no keys.\n"
    yield f"`conf/{kind}/{name}.yaml`, chosen by `{kind}={f'[{name}]' if kind == 'filter' else name}`:\n"
    yield f"```yaml\n{yaml.rstrip()}\n```\n"


def options(cls: type[Component]) -> Iterator[tuple[str, str, str, str]]:
    """Name, type with range, default and meaning of every setting of a component."""
    schema = pydantic.TypeAdapter(cls).json_schema()["properties"] if dataclasses.fields(cls) else {}
    hints, said = get_type_hints(cls, include_extras=True), attributes(cls)
    for field in dataclasses.fields(cls):
        yield field.name, _type(schema[field.name], hints[field.name]), _default(field), said.get(field.name, "")


def _type(schema: Mapping[str, Any], hint: Any) -> str:
    asked = _asked(schema, hint)
    return asked or _named(schema)


def _asked(schema: Mapping[str, Any], hint: Any) -> str:
    """Where only a validator knows what is allowed: what it says to something that is not."""
    kinds = [entry.get("type") for entry in schema.get("anyOf", ())]
    if not {"number", "string"} <= set(kinds):
        return ""
    try:
        pydantic.TypeAdapter(hint).validate_python("?")
    except pydantic.ValidationError as error:
        found = re.search(r"expected (.*)", error.errors()[0]["msg"])
        return (found[1] if found else "") + (" or null" if found and "null" in kinds else "")
    return ""


def _named(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_named(entry) for entry in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        inner = schema.get("items") or {"type": "string"}
        pair = " and ".join(_named(entry) for entry in inner.get("prefixItems", ()))
        return f"list of {f'pairs: {pair}' if pair else _named(inner)}"
    if schema.get("type") == "object":
        return "mapping"
    limits = [f"{sign} {schema[key]:g}" for key, sign in LIMITS.items() if key in schema]
    return " ".join([TYPES[schema["type"]], ", ".join(limits)]).strip()


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        return _value(field.default_factory())
    default = field.default
    if isinstance(default, pydantic.fields.FieldInfo):
        default = default.get_default(call_default_factory=True)
    return "required" if default is dataclasses.MISSING else _value(default)


def _value(value: object) -> str:
    """A value as YAML has it."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _notes(yaml: str) -> dict[str, str]:
    """Comments beside the keys of an option file."""
    return {found[1]: found[2].strip() for found in re.finditer(r"^ *(\w+):.*?  # (.*)$", yaml, re.MULTILINE)}


def _base(kind: str) -> type[Component]:
    module = importlib.import_module(f"vidcurate.{kind}.base")
    found = [cls for cls in vars(module).values() if inspect.isclass(cls) and issubclass(cls, Component)]
    return next(cls for cls in found if cls.__module__ == module.__name__ and getattr(cls, "kind", None) == kind)


def _first(docstring: str) -> str:
    return " ".join(inspect.cleandoc(docstring).split("\n\n")[0].split())
