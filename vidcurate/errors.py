"""Everything that can go wrong, as one tree.

VidcurateError                 exit 1
├── ConfigError                exit 2   the configuration cannot be run; holds every problem found
├── MissingExtra               exit 2   a component needs a package that is not installed
├── MissingWeights             exit 2   a model's weights are not on this machine
├── MissingInput               exit 2   a step needs something that an earlier step has not written
├── ShapeError                 exit 1   an array has the wrong shape, dtype or range
└── MediaError                 exit 1   one video cannot be used; recorded, and the run goes on
    ├── UnreadableVideo                 no container, no video stream, no codec, no bytes
    ├── DecodeError                     a stream that yields no frame, or not the one that was promised
    └── EncodeError                     a clip that cannot be written
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class VidcurateError(Exception):
    """Root of every error that vidcurate raises on purpose."""

    exit_code: ClassVar[int] = 1


class ConfigError(VidcurateError):
    """The configuration cannot be run; said before any work is done.

    Args:
        problems: one sentence per problem, each naming the key, what was given and what is allowed.
    """

    exit_code = 2

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        count = f"{len(self.problems)} problems" if len(self.problems) > 1 else "1 problem"
        super().__init__("\n".join([f"{count} in the configuration:", *(f"  - {line}" for line in self.problems)]))


class MissingExtra(VidcurateError):
    """A component needs a package that is not installed.

    Args:
        component: registered name of the component, e.g. `transnetv2`.
        package: what pip calls the package.
        extra: the extra of vidcurate that brings it.
    """

    exit_code = 2

    def __init__(self, component: str, *, package: str, extra: str) -> None:
        super().__init__(f"{component} needs {package}, which is not installed: pip install 'vidcurate[{extra}]'")


class MissingWeights(VidcurateError):
    """A model's weights are not on this machine; the message says which file, how large, and how to get it."""

    exit_code = 2


class MissingInput(VidcurateError):
    """A step needs something that an earlier step has not written; the message says which step to run."""

    exit_code = 2


class TooManyFailures(VidcurateError):
    """The work is done and committed, but more inputs failed than `max_failures` allows."""

    exit_code = 3


class ShapeError(VidcurateError):
    """An array has the wrong shape, dtype or range."""


class MediaError(VidcurateError):
    """One video cannot be used; it becomes a row of FAILURES and the run goes on."""


class UnreadableVideo(MediaError):
    """No container, no video stream, no decoder or no bytes."""


class DecodeError(MediaError):
    """A stream yields no frame, or not the one that was promised."""


class EncodeError(MediaError):
    """A clip cannot be written."""
