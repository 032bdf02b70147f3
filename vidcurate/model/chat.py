"""A client of servers that speak OpenAI's chat completions: vLLM, TGI, OpenAI itself.

What goes wrong with one request is its answer; others go on. The key is read from the environment when it is sent, and
is in no config, fingerprint, log or message.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import pydantic

from vidcurate.model.endpoint import NoAnswer
from vidcurate.model.server import Server
from vidcurate.records import Answer
from vidcurate.registry import Count, settings

Content = Sequence[dict[str, Any]]
"""What is said in one message: parts of `type` `text` or `image_url`."""


@settings
class Chat(Server):
    """The settings of every component that chats with a server.

    Attributes:
        max_tokens: an answer may have so many.
        temperature: 0 for the most probable words.
    """

    max_tokens: Count = 512
    temperature: Annotated[float, pydantic.Field(ge=0, le=2)] = 0.0

    def reach(self, key: str) -> None:
        """Ask the server for its models, once.

        Args:
            key: the config's name of this component, for messages.

        Raises:
            ConfigError: no server answers, or it does not accept the key.
        """
        self.endpoint.check(key)

    def ask(self, content: Content) -> Answer:
        """Say one message and take the answer, trying again where that may help."""
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": list(content)}],
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
        }
        try:
            return self.endpoint.post("chat/completions", body, _answer)
        except NoAnswer as error:
            return Answer(failure=error.reason)


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
