"""Questions to a server over HTTP: tried again while that may help, with a key that only the environment knows.

Redirects are not followed: they would carry the key to another host.
"""

from __future__ import annotations

import email.utils
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from vidcurate.errors import ConfigError, VidcurateError

PASSING = {408, 409, 425, 429}
"""Statuses, beside those of 500 and above, after which it is worth trying again."""
MAX_WAIT, CHECK_TIMEOUT, WORDS = 60.0, 10.0, 200


Result = TypeVar("Result")


class NoAnswer(VidcurateError):
    """A server has given no answer that could be used.

    Attributes:
        reason: why, in one line, and how often it was asked.

    Args:
        url: that was asked.
        problem: of the last try.
        tries: how often.
    """

    def __init__(self, url: str, problem: str, tries: int) -> None:
        self.reason = f"{problem} ({tries} tries)" if tries > 1 else problem
        super().__init__(f"{url}: {self.reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A server and how patient one is with it.

    Attributes:
        base_url: address up to and including `/v1`.
        api_key_env: environment variable that holds the key; where it is not set, none is sent.
        timeout: seconds that a request may take.
        retries: tries after the first.
        retry_delay: seconds before the first of them; doubled each time, never less than the server asks for.
    """

    base_url: str
    api_key_env: str
    timeout: float
    retries: int
    retry_delay: float

    def check(self, key: str) -> None:
        """Ask for the server's models, once.

        Args:
            key: the config's name of the component, for messages.

        Raises:
            ConfigError: no server answers, or it does not accept the key.
        """
        try:
            self._exchange("models", None, min(self.timeout, CHECK_TIMEOUT))
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in {401, 403}:
                raise ConfigError(
                    [f"{key}.base_url={self.base_url!r} answers {error.code}: put a valid key into {self.api_key_env}"]
                ) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise ConfigError([f"{key}.base_url={self.base_url!r}: no server answers ({reason})"]) from None

    def post(self, path: str, body: dict[str, Any], read: Callable[[Any], Result]) -> Result:
        """Ask, and ask again where that may help.

        Args:
            path: below `base_url`.
            body: the question.
            read: takes what is wanted out of the answer's JSON; raises KeyError, IndexError, TypeError or ValueError
                where it is something else.

        Raises:
            NoAnswer: the server refuses, or does not answer, however often it is asked.
        """
        data, delay, tries = json.dumps(body).encode(), self.retry_delay, 0
        while True:
            tries += 1
            try:
                return read(json.loads(self._exchange(path, data, self.timeout)))
            except urllib.error.HTTPError as error:
                with error:
                    problem = f"HTTP {error.code}: {error.read(4 * WORDS).decode(errors='replace')}"
                wait = _seconds(error.headers.get("Retry-After"))
                is_final = error.code not in PASSING and error.code < 500
            except (KeyError, IndexError, TypeError, ValueError) as error:
                problem, wait, is_final = f"not what was asked for: {error!r}", 0.0, False
            except (OSError, http.client.HTTPException) as error:
                problem, wait, is_final = f"no answer: {getattr(error, 'reason', error)}", 0.0, False
            if is_final or tries > self.retries:
                raise NoAnswer(f"{self.base_url}/{path}", self._clean(problem), tries)
            time.sleep(min(max(delay, wait), MAX_WAIT))
            delay *= 2

    def _exchange(self, path: str, data: bytes | None, timeout: float) -> bytes:
        """What a server answers; `timeout` holds for the whole, not, as urllib's, for each wait."""
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        request = urllib.request.Request(f"{self.base_url}/{path}", data, headers)
        end = time.monotonic() + timeout
        parts: list[bytes] = []
        with urllib.request.build_opener(_Stay).open(request, timeout=timeout) as answer:
            while part := answer.read1(1 << 16):
                parts.append(part)
                if time.monotonic() > end:
                    raise TimeoutError("timed out")
        return b"".join(parts)

    @property
    def _key(self) -> str:
        key = os.environ.get(self.api_key_env, "").strip()
        if not (key.isascii() and key.isprintable()):
            raise ConfigError([f"the key in {self.api_key_env} holds characters that no key has"])
        return key

    def _clean(self, words: str) -> str:
        """One short line without the key, which some servers repeat."""
        return " ".join((words.replace(self._key, "***") if self._key else words).split())[:WORDS]


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _seconds(says: str | None) -> float:
    """What a `Retry-After` of seconds or of a date comes to; 0 without one."""
    if not says:
        return 0.0
    try:
        return max(0.0, float(says))
    except ValueError:
        pass
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(says) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0
