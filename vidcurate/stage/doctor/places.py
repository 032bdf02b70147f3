"""Places that the configuration names: whether they may be read, or written, with the credentials at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vidcurate.errors import VidcurateError
from vidcurate.stage.doctor.finding import Case, parted, told
from vidcurate.stage.findings import Finding, note, ok, trouble
from vidcurate.store.files import Store
from vidcurate.store.mask import masked
from vidcurate.store.reach import is_url, located
from vidcurate.store.trouble import demand_writable

RIGHTS = "check the name, the credentials (environment, profile, instance role, storage.options) and their rights"


def places(case: Case) -> Iterator[Finding]:
    """The source and other inputs, then `out`."""
    path = getattr(case.source, "path", None)
    if path is not None:
        yield _readable("source.path", path)
    elif case.source is None and case.does("split"):
        yield note("source.path", "is not given, so no source was looked at", "source.path=DIR_OR_URL")
    for key, place in case.inputs:
        yield _readable(key, place)
    yield _writable(case.out)


def _readable(key: str, place: str) -> Finding:
    try:
        said = _listed(place) if is_url(place) else _local(place)
    except VidcurateError as error:
        return trouble(key, *parted(error))
    except FileNotFoundError:
        return trouble(key, f"{masked(place)}: there is nothing", "check the name")
    except Exception as error:  # every file system has errors of its own
        return trouble(key, f"{masked(place)} cannot be read: {masked(told(error))}", RIGHTS)
    return ok(key, f"{masked(place)}: {said}")


def _listed(place: str) -> str:
    """What a store says of a place, asked once: a listing of one key where it is a folder."""
    fs, name = located(place)
    plain: Any = getattr(fs, "plain", fs)  # without our own patience, which suits a run
    if "*" in name:
        name = name.partition("*")[0].rpartition("/")[0]
    facts = plain.info(name)
    return "can be listed" if facts["type"] == "directory" else f"can be read, {facts['size']} bytes"


def _local(place: str) -> str:
    path = Path(place.partition("*")[0] or ".").expanduser()
    folder = path if "*" not in place or path.is_dir() else path.parent
    if folder.is_dir():
        first = next(folder.iterdir(), None)
        return "is empty" if first is None else "can be listed"
    with folder.open("rb") as file:
        file.read(1)
    return f"can be read, {folder.stat().st_size} bytes"


def _writable(out: str) -> Finding:
    try:
        demand_writable(Store(out))
    except VidcurateError as error:
        return trouble("out", *parted(error))
    except Exception as error:  # every file system has errors of its own
        return trouble("out", f"{masked(out)} cannot be written: {masked(told(error))}", RIGHTS)
    return ok("out", f"{masked(out)}: can be written")
