"""Patience with stores: an operation that failed for a reason that passes is done again, after a while."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from vidcurate.errors import StoreError, VidcurateError
from vidcurate.store.mask import masked

log = logging.getLogger(__name__)

ATTEMPTS = 5
FIRST_WAIT = 0.5
"""Seconds; the next ones are twice as long each, and all of them a random share of that, from one half up."""
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Status codes of HTTP that ask to come again; 403 and 404 will not change."""
CODES = frozenset({"ConditionalRequestConflict", "InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown"})
"""Of S3, likewise."""
LIBRARIES = ("aiohttp", "aiobotocore", "botocore", "urllib3", "requests", "azure")
NETWORK = ("Connect", "Timeout", "Incomplete", "Payload", "Disconnected", "HTTPClientError", "ProxyError", "ReadError")
"""What those of their errors that may pass have in their names."""

Result = TypeVar("Result")


class CutShort(OSError):
    """Fewer bytes came than were asked for."""


def patiently(operation: Callable[[], Result], what: str, where: str) -> Result:
    """Do something that is done again where it fails for a reason that may pass.

    Args:
        operation: harmless to do twice.
        what: it does, for messages: `read`, `written`, ...
        where: the place, for messages.

    Raises:
        StoreError: it failed each time, or the store refuses.
        FileNotFoundError: there is nothing at that place.
        FileExistsError: there is something already.
    """
    for attempt in range(ATTEMPTS):
        try:
            return operation()
        except (FileExistsError, VidcurateError):
            raise
        except Exception as error:  # every file system has errors of its own
            if not is_transient(error):
                if isinstance(error, FileNotFoundError):
                    raise
                raise _refused(error, what, where) from error
            if attempt + 1 == ATTEMPTS:
                raise StoreError(
                    f"{masked(where)} could not be {what} in {ATTEMPTS} attempts ({_said(error)}). See whether the "
                    "store can be reached; the same command goes on where this one stopped"
                ) from error
            wait = FIRST_WAIT * 2**attempt * random.uniform(0.5, 1)
            log.info("%s could not be %s (%s): again in %.1f s", masked(where), what, _said(error), wait)
            time.sleep(wait)
    raise AssertionError  # the last attempt returns or raises


def is_transient(error: BaseException) -> bool:
    """Whether what an error says may pass: no connection, no answer in time, half an answer, a busy server."""
    for one in chain(error):
        code = (getattr(one, "response", None) or {}).get("Error", {}).get("Code") if _is_boto(one) else None
        status = _status(one)
        if code in CODES or status in AGAIN:
            return True
        if status is not None and status >= 300:  # an answer, and it will stay the same
            return False
        if isinstance(one, ConnectionError | TimeoutError | CutShort | EOFError):
            return True
        if type(one).__module__.split(".")[0] in LIBRARIES and any(part in type(one).__name__ for part in NETWORK):
            return True
    return False


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it comes from, the latest first."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__


def _refused(error: Exception, what: str, where: str) -> StoreError:
    advice = "check the name and your rights there"
    if isinstance(error, PermissionError) or "Credentials" in type(error).__name__:
        advice = "check the credentials (environment, profile or instance role) and their rights there"
    return StoreError(f"{masked(where)} cannot be {what} ({_said(error)}): {advice}")


def _said(error: Exception) -> str:
    return masked(str(error)) or type(error).__name__


def _is_boto(error: BaseException) -> bool:
    return isinstance(getattr(error, "response", None), dict)


def _status(error: BaseException) -> int | None:
    """The status code of HTTP that an error stands for, if any."""
    if _is_boto(error):
        told = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")  # type: ignore[attr-defined]  # see _is_boto
    else:
        told = getattr(error, "status", None) or getattr(error, "status_code", None) or getattr(error, "code", None)
    return int(told) if isinstance(told, int) or (isinstance(told, str) and told.isdigit()) else None
