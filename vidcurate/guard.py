"""What a config may not do before we are asked: Hydra itself builds what `hydra.callbacks` and its logging name.

Components are admitted by the registry. Options of Hydra's own are looked at here, on the command line and in folders
of options that it names: no class of theirs is built unless its package is trusted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from vidcurate.errors import ConfigError
from vidcurate.groups import trusted
from vidcurate.store.mask import is_secret

FLAGS = ("--config-dir", "-cd", "--config-path", "-cp")
"""Flags of Hydra that name a folder of options."""
BUILDERS = ("_target_", "()")
"""Keys by which Hydra, and the logging of Python, name what they call."""
SHORT = 8
"""Characters of a value that is too short to be told from ordinary text."""


def refuse_strangers(arguments: Sequence[str]) -> None:
    """Refuse classes that the registry never sees.

    Args:
        arguments: of the command line.

    Raises:
        ConfigError: an override of Hydra's own keys, or a file in a folder of options, names what it should call.
    """
    problems = [
        f"{argument.partition('=')[0].lstrip('+')} names what Hydra should call; it is never built from a config"
        for argument in arguments
        if re.match(r"[+~]*hydra[./@]", argument) and any(word in argument for word in BUILDERS)
    ]
    for folder in _folders(arguments):
        for file in sorted(folder.rglob("*.yaml")):
            problems += [f"{file}: {name!r} is of no package with options" for name in _strangers(file)]
    if problems:
        raise ConfigError(problems)


def refuse_leaks(values: Mapping[str, object]) -> None:
    """Refuse a config that holds the content of a secret environment variable: run.json and logs would keep it.

    Args:
        values: the resolved config.

    Raises:
        ConfigError: for each key that does; it does not say what the secret is.
    """
    secrets = {name: text for name, text in os.environ.items() if is_secret(name) and _is_telling(name, text)}
    leaks = [
        f"{key} holds the content of the environment variable {name}, which run.json and logs would keep. What needs "
        "it reads it there; take it out of the config"
        for key, text in (_texts(values, "") if secrets else ())
        for name, secret in secrets.items()
        if secret in text
    ]
    if leaks:
        raise ConfigError(leaks)


def _folders(arguments: Sequence[str]) -> Iterator[Path]:
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        flag, equals, value = argument.partition("=")
        if flag in FLAGS:
            yield Path(value if equals else following).expanduser()
        elif flag.lstrip("+") == "hydra.searchpath":
            for place in value.strip("[]").split(","):
                yield Path(place.strip("'\" ").removeprefix("file://")).expanduser()


def _strangers(file: Path) -> Iterator[str]:
    """What a file of options would have called that is of no trusted package."""
    try:
        documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError([f"{file}: a file of options cannot be read: {error}"]) from error
    for key, value in (pair for document in documents for pair in _pairs(document)):
        if key == "()" or (key == "_target_" and str(value).split(".")[0] not in trusted()):
            yield str(value)


def _pairs(values: object) -> Iterator[tuple[object, object]]:
    inner = values.values() if isinstance(values, Mapping) else values if isinstance(values, list) else ()
    if isinstance(values, Mapping):
        yield from values.items()
    for value in inner:
        yield from _pairs(value)


def _texts(values: object, key: str) -> Iterator[tuple[str, str]]:
    """Every text of a config by its dotted key."""
    if isinstance(values, str):
        yield key, values
    elif isinstance(values, Mapping):
        for name, value in values.items():
            yield from _texts(value, f"{key}.{name}".lstrip("."))
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _texts(value, key)


def _is_telling(name: str, text: str) -> bool:
    """Whether a value is a secret by itself: not a folder, nor the path of a file that holds it."""
    return name not in ("PWD", "OLDPWD") and len(text) >= SHORT and not os.path.exists(text)  # noqa: PTH110  # any text
