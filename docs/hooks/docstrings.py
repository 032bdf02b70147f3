"""Google docstrings as Markdown: what the code says of itself, in the words of the code."""

from __future__ import annotations

import inspect
import re

SECTIONS = ("Args", "Attributes", "Returns", "Yields", "Raises")


def section(docstring: str, name: str) -> dict[str, str]:
    """The entries of a section such as `Attributes:`, by name; empty without one."""
    found: dict[str, list[str]] = {}
    inside, last = False, ""
    for line in docstring.splitlines():
        if not line.startswith(" ") and line.strip():
            inside = line.strip() == f"{name}:"
        elif inside and (entry := re.match(r" {4}(\w[\w.]*): (.*)", line)):
            last = entry[1]
            found[last] = [entry[2]]
        elif inside and last and line.strip():
            found[last].append(line.strip())
    return {key: " ".join(lines) for key, lines in found.items()}


def prose(docstring: str) -> str:
    """All but the sections: paragraphs, unwrapped; indented ones stay as they are."""
    parts = []
    for part in inspect.cleandoc(docstring).split("\n\n"):
        if part.split("\n")[0].rstrip(":") in SECTIONS and part.split("\n")[0].endswith(":"):
            continue
        parts.append(part if part.startswith(" ") else " ".join(part.split()))
    return "\n\n".join(parts)


def attributes(cls: type) -> dict[str, str]:
    """What the classes from the root down to this one say of their attributes; the last word counts."""
    said: dict[str, str] = {}
    for parent in reversed(cls.__mro__):
        said |= section(inspect.cleandoc(parent.__doc__ or ""), "Attributes")
    return said


def described(thing: object, name: str) -> str:
    """A heading with the signature, the docstring, and tables of arguments, results and errors."""
    docstring = inspect.getdoc(thing) or ""
    lines = [f"### `{name}{_signature(thing)}`\n", prose(docstring) + "\n"]
    for title in ("Args", "Attributes", "Raises"):
        if entries := section(docstring, title):
            lines += [f"**{title}**\n", *(f"- `{key}`: {text}" for key, text in entries.items()), ""]
    for title in ("Returns", "Yields"):
        if found := re.search(rf"^{title}:\n((?: {{4}}.*\n?)+)", docstring, re.MULTILINE):
            lines += [f"**{title}** {' '.join(found[1].split())}\n"]
    return "\n".join(lines)


def _signature(thing: object) -> str:
    if inspect.isclass(thing) or not callable(thing):
        return ""
    names = []
    for parameter in inspect.signature(thing).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in names:
            names.append("*")
        names.append(f"{parameter.name}=…" if parameter.default is not parameter.empty else parameter.name)
    return f"({', '.join(names)})"
