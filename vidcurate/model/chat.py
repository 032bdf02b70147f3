"""A client of servers that speak OpenAI's chat completions: vLLM, TGI, OpenAI itself.

What goes wrong with one request is its answer; others go on. The key is read from the environment when it is sent, and
is in no config, fingerprint, log or message. Redirects are not followed: they would carry the key to another host.
"""

from __future__ import annotations

import email.utils
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, TypeVar

import pydantic

from vidcurate.errors import ConfigError
from vidcurate.records import Answer
from vidcurate.registry import Count, Seconds, settings

Url = Annotated[str, pydantic.Field(pattern=r"^https?://[^@?#\s]+$")]
"""Address of a server, without a name, a password or a query, which would end in run.json."""
Content = Sequence[dict[str, Any]]
"""What is said in one message: parts of `type` `text` or `image_url`."""

PASSING = {408, 409, 425, 429}
"""Statuses, beside those of 500 and above, after which it is worth trying again."""
CHECK_TIMEOUT, MAX_WAIT, MESSAGE = 10.0, 60.0, 200

Item = TypeVar("Item")


class _Failed(Exception):
    """One try has failed.

    Args:
        reason: why, in one line.
        wait: seconds that the server asks for before the next try; None if there should be none.
    """

    def __init__(self, reason: str, wait: float | None) -> None:
        super().__init__(reason)
        self.wait = wait


@settings
class Chat:
    """The settings of every component that asks such a server.

    Attributes:
        model: what the server calls the model.
        base_url: address up to and including `/v1`.
        api_key_env: environment variable that holds the key; where it is not set, none is sent.
        max_tokens: an answer may have so many.
        temperature: 0 for the most probable words.
        timeout: a request may take so long.
        retries: tries after the first, where trying again may help.
        retry_delay: before the first of them; doubled each time, and never less than the server asks for.
        concurrency: requests that are under way at once.
    """

    speed: ClassVar[frozenset[str]] = frozenset(
        {"base_url", "api_key_env", "timeout", "retries", "retry_delay", "concurrency"}
    )
    """What does not change the answers."""

    model: str
    base_url: Url = "http://localhost:8000/v1"
    api_key_env: str = "OPENAI_API_KEY"
    max_tokens: Count = 512
    temperature: Annotated[float, pydantic.Field(ge=0, le=2)] = 0.0
    timeout: Annotated[float, pydantic.Field(gt=0, le=86400)] = 120.0
    retries: Annotated[int, pydantic.Field(ge=0)] = 5
    retry_delay: Seconds = 1.0
    concurrency: Count = 8

    def reach(self, key: str) -> None:
        """Ask the server for its models, once.

        Args:
            key: the config's name of this component, for messages.

        Raises:
            ConfigError: no server answers, or it does not accept the key.
        """
        try:
            _exchange(f"{self.base_url}/models", None, self._headers(), min(self.timeout, CHECK_TIMEOUT))
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in {401, 403}:
                raise ConfigError(
                    [f"{key}.base_url={self.base_url!r} answers {error.code}: put a valid key into {self.api_key_env}"]
                ) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise ConfigError([f"{key}.base_url={self.base_url!r}: no server answers ({reason})"]) from None

    def ask(self, content: Content) -> Answer:
        """Say one message and take the answer, trying again where that may help."""
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": list(content)}],
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
        }
        data, delay = json.dumps(body).encode(), self.retry_delay
        for attempt in range(self.retries + 1):
            try:
                return self._try(data)
            except _Failed as failed:
                if failed.wait is None or attempt == self.retries:
                    tries = f" ({attempt + 1} tries)" if attempt else ""
                    return Answer(failure=f"{failed}{tries}")
                time.sleep(min(max(delay, failed.wait), MAX_WAIT))
                delay *= 2
        raise AssertionError("the last try returns")

    def each(self, ask: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
        """The answers to many questions, in their order, `concurrency` at a time."""
        with ThreadPoolExecutor(self.concurrency) as pool:
            return list(pool.map(ask, items))

    def _try(self, data: bytes) -> Answer:
        try:
            said = _exchange(f"{self.base_url}/chat/completions", data, self._headers(), self.timeout)
            return _answer(json.loads(said))
        except urllib.error.HTTPError as error:
            with error:
                words = error.read(4 * MESSAGE).decode(errors="replace")
            wait = _retry_after(error.headers.get("Retry-After"))
            again = error.code in PASSING or error.code >= 500
            raise _Failed(self._clean(f"HTTP {error.code}: {words}"), wait if again else None) from None
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise _Failed(self._clean(f"not a chat completion: {error!r}"), 0.0) from None
        except (OSError, http.client.HTTPException) as error:
            raise _Failed(self._clean(f"no answer: {getattr(error, 'reason', error)}"), 0.0) from None

    def _headers(self) -> dict[str, str]:
        key = self._key()
        return {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})

    def _key(self) -> str:
        key = os.environ.get(self.api_key_env, "").strip()
        if not (key.isascii() and key.isprintable()):
            raise ConfigError([f"the key in {self.api_key_env} holds characters that no key has"])
        return key

    def _clean(self, words: str) -> str:
        """One short line without the key, which some servers repeat."""
        key = self._key()
        line = " ".join((words.replace(key, "***") if key else words).split())
        return line[:MESSAGE]


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _exchange(url: str, data: bytes | None, headers: dict[str, str], timeout: float) -> bytes:
    """What a server answers; `timeout` holds for the whole, not, as urllib's, for each wait."""
    end = time.monotonic() + timeout
    parts = []
    with urllib.request.build_opener(_Stay).open(urllib.request.Request(url, data, headers), timeout=timeout) as answer:
        while part := answer.read1(1 << 16):
            parts.append(part)
            if time.monotonic() > end:
                raise TimeoutError("timed out")
    return b"".join(parts)


def _answer(said: Any) -> Answer:
    choice = said["choices"][0]
    words = choice["message"]["content"] or ""
    if not isinstance(words, str):
        raise TypeError(f"content is a {type(words).__name__}")
    text, usage = words.strip(), said.get("usage") or {}
    return Answer(
        text=text,
        failure="" if text else f"an empty answer, finish_reason {choice.get('finish_reason')!r}",
        prompt_tokens=int(usage.get("prompt_tokens") or 0),
        output_tokens=int(usage.get("completion_tokens") or 0),
    )


def _retry_after(says: str | None) -> float:
    """Seconds, from a header that holds seconds or a date."""
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
