"""A client of servers that speak OpenAI's chat completions: vLLM, TGI, OpenAI itself.

What goes wrong with one request is its answer; others go on. The key is read from the environment when it is sent, and
is in no config, fingerprint, log or message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, ClassVar, TypeVar

import pydantic

from vidcurate.model.endpoint import Endpoint, NoAnswer
from vidcurate.records import Answer
from vidcurate.registry import Count, Seconds, settings

Url = Annotated[str, pydantic.Field(pattern=r"^https?://[^@?#\s]+$")]
"""Address of a server, without a name, a password or a query, which would end in run.json."""
Content = Sequence[dict[str, Any]]
"""What is said in one message: parts of `type` `text` or `image_url`."""

Item = TypeVar("Item")


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
        self._endpoint.check(key)

    def ask(self, content: Content) -> Answer:
        """Say one message and take the answer, trying again where that may help."""
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": list(content)}],
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
        }
        try:
            return self._endpoint.post("chat/completions", body, _answer)
        except NoAnswer as error:
            return Answer(failure=error.reason)

    def each(self, ask: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
        """The answers to many questions, in their order, `concurrency` at a time."""
        with ThreadPoolExecutor(self.concurrency) as pool:
            return list(pool.map(ask, items))

    @property
    def _endpoint(self) -> Endpoint:
        return Endpoint(
            base_url=self.base_url,
            api_key_env=self.api_key_env,
            timeout=self.timeout,
            retries=self.retries,
            retry_delay=self.retry_delay,
        )


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
