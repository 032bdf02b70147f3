"""Questions to a server over HTTP: tried again while that may help, with a key that only the environment knows.

Redirects are not followed: they would carry the key to another host.
"""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from vidcurate.errors import ConfigError, VidcurateError

PASSING = {408, 409, 425, 429}
"""Statuses, beside those of 500 and above, after which it is worth trying again."""
MAX_WAIT, CHECK_TIMEOUT, WORDS = 60.0, 10.0, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A server and how patient one is with it.

    Attributes:
        base_url: address up to and including `/v1`.
        api_key_env: environment variable that holds the key; where it is not set, none is sent.
        timeout: seconds that the server may be silent.
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

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON with which a server answers a question.

        Raises:
            VidcurateError: it refuses, or does not answer, however often it is asked.
        """
        data, delay = json.dumps(body).encode(), self.retry_delay
        for attempt in range(self.retries + 1):
            wait = 0.0
            try:
                return json.loads(self._exchange(path, data, self.timeout))
            except urllib.error.HTTPError as error:
                with error:
                    problem = f"HTTP {error.code}: {error.read(4 * WORDS).decode(errors='replace')}"
                if error.code not in PASSING and error.code < 500:
                    break
                asked = error.headers.get("Retry-After") or ""
                wait = float(asked) if asked.isdigit() else 0.0
            except (OSError, http.client.HTTPException) as error:
                problem = f"no answer: {getattr(error, 'reason', error)}"
            except ValueError as error:
                problem = f"no JSON: {error}"
            if attempt < self.retries:
                time.sleep(min(max(delay, wait), MAX_WAIT))
                delay *= 2
        raise VidcurateError(f"{self.base_url}/{path}: {self._clean(problem)} ({attempt + 1} tries)")

    def _exchange(self, path: str, data: bytes | None, timeout: float) -> bytes:
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        request = urllib.request.Request(f"{self.base_url}/{path}", data, headers)
        with urllib.request.build_opener(_Stay).open(request, timeout=timeout) as answer:
            said: bytes = answer.read()
        return said

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
