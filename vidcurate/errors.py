"""Everything that can go wrong, as one tree.

VidcurateError                 exit 1
├── ConfigError                exit 2   the configuration cannot be run; holds every problem found
├── MissingExtra               exit 2   a component needs a package that is not installed
├── MissingDevice              exit 2   a component needs a device that this machine does not have
├── MissingWeights             exit 2   a model's weights are not on this machine
├── Unfit                      exit 2   the doctor has found that this machine cannot run the configuration
├── MissingInput               exit 2   a step needs something that an earlier step has not written
├── Busy                       exit 75  another run is at work on the same dataset
├── Stopped                    exit 75  a signal has ended the run; the same command goes on where it stopped
├── StoreError                 exit 1   a store cannot be written or read: full, read-only, not reachable
├── NotAtHand                  exit 1   a video's file cannot be had now; recorded, and the next run tries again
├── Damaged                    exit 1   a file of a table is cut off, altered, or no such file
├── ShapeError                 exit 1   an array has the wrong shape, dtype or range
└── MediaError                 exit 1   one video cannot be used; recorded, and the run goes on
    ├── WorkerLost                      it has ended the workers that were at it, one after the other
    ├── TimedOut                        it took longer than it may
    ├── OverLimit                       it is larger or longer than it may be; the next run looks again
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

    def __reduce__(self) -> tuple[object, ...]:
        """Errors come back from workers and jobs as they are, whatever their constructors take."""
        return _restored, (type(self), self.args), self.__dict__ or None


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


class MissingDevice(VidcurateError):
    """A component needs a device that this machine does not have; the message says which, and what does without."""

    exit_code = 2


class MissingWeights(VidcurateError):
    """A model's weights are not on this machine; the message says which file, how large, and how to get it."""

    exit_code = 2


class Unfit(VidcurateError):
    """The doctor has found that this machine cannot run the configuration; what it has told says what to do."""

    exit_code = 2


class MissingInput(VidcurateError):
    """A step needs something that an earlier step has not written; the message says which step to run."""

    exit_code = 2


class TooManyFailures(VidcurateError):
    """The work is done and committed, but more inputs failed than `max_failures` allows."""

    exit_code = 3


class Busy(VidcurateError):
    """Another run is at work on the same dataset; the message says which. The exit code is EX_TEMPFAIL of sysexits."""

    exit_code = 75


class Stopped(VidcurateError):
    """A signal has ended the run, what was done is committed, and the same command goes on where it stopped."""

    exit_code = 75


class StoreError(VidcurateError):
    """A store cannot be written or read: it is full, read-only, or not reachable. No fault of a video."""


class NotAtHand(VidcurateError):
    """A video's file cannot be had now: not reached, or no room for it; recorded, and the next run tries again."""


class Damaged(VidcurateError, ValueError):
    """A file of a table is cut off, altered, no such file, or more than this machine could hold."""


class ShapeError(VidcurateError):
    """An array has the wrong shape, dtype or range."""


class MediaError(VidcurateError):
    """One video cannot be used; it becomes a row of FAILURES and the run goes on.

    Attributes:
        lasts: whether another run with the same recipe need not try.
    """

    lasts: ClassVar[bool] = True


class WorkerLost(MediaError):
    """A video has ended the workers that were at it, one after the other, most likely for want of memory."""


class TimedOut(MediaError):
    """A video took longer than it may."""


class OverLimit(MediaError):
    """A video is larger or longer than `source.max_...` allow; to look at it again costs nothing."""

    lasts = False


class UnreadableVideo(MediaError):
    """No container, no video stream, no decoder or no bytes."""


class DecodeError(MediaError):
    """A stream yields no frame, or not the one that was promised."""


class EncodeError(MediaError):
    """A clip cannot be written."""


def _restored(cls: type[VidcurateError], args: tuple[object, ...]) -> VidcurateError:
    error = cls.__new__(cls)
    error.args = args
    return error
