"""The settings of every component that asks a server which speaks one of OpenAI's protocols."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, ClassVar, TypeVar

import numpy as np
import pydantic
from numpy.typing import NDArray

from vidcurate.model.endpoint import Endpoint
from vidcurate.registry import Count, Seconds, settings

Url = Annotated[str, pydantic.Field(pattern=r"^https?://[^@?#\s]+$")]
"""Address of a server, without a name, a password or a query, which would end in run.json."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@settings
class Server:
    """A server and how it is asked.

    Attributes:
        model: what the server calls the model.
        base_url: address up to and including `/v1`.
        api_key_env: environment variable that holds the key; where it is not set, none is sent.
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
    timeout: Annotated[float, pydantic.Field(gt=0, le=86400)] = 120.0
    retries: Annotated[int, pydantic.Field(ge=0)] = 5
    retry_delay: Seconds = 1.0
    concurrency: Count = 8

    @property
    def endpoint(self) -> Endpoint:
        """Who is asked."""
        return Endpoint(
            base_url=self.base_url,
            api_key_env=self.api_key_env,
            timeout=self.timeout,
            retries=self.retries,
            retry_delay=self.retry_delay,
        )

    def each(self, ask: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """The answers to many questions, in their order, `concurrency` at a time."""
        with ThreadPoolExecutor(self.concurrency) as pool:
            return list(pool.map(ask, items))


def pictures(images: NDArray[np.uint8]) -> list[dict[str, Any]]:
    """Parts of a message that show images, uint8 [n, height, width, 3], as JPEGs."""
    from vidcurate.video.jpeg import jpeg

    urls = (f"data:image/jpeg;base64,{b64encode(jpeg(image)).decode()}" for image in images)
    return [{"type": "image_url", "image_url": {"url": url}} for url in urls]


def text(words: str) -> dict[str, Any]:
    """The part of a message that says something."""
    return {"type": "text", "text": words}
