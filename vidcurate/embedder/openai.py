"""Vectors from a server that speaks OpenAI's /v1/embeddings and takes pictures, as vLLM does.

The frames of a clip are sent as JPEGs in one user message, in the order of time: vLLM's extension of the protocol,
https://docs.vllm.ai, "Multimodal inputs". vLLM must admit so many: `--limit-mm-per-prompt '{"image": 8}'`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pydantic
from numpy.typing import NDArray

from vidcurate.embedder.base import Embed, Embedder
from vidcurate.errors import ConfigError
from vidcurate.records import Frames, Sampling
from vidcurate.registry import Count, Seconds, register

if TYPE_CHECKING:
    from vidcurate.model.endpoint import Endpoint

Url = Annotated[str, pydantic.Field(pattern=r"^https?://[^@?#\s]+$")]
"""Address of a server, without a name, a password or a query, which would end in run.json."""


@register
class OpenAI(Embedder):
    """Asks a server for the vector of each clip.

    Attributes:
        model: what the server calls the model.
        dimensions: length of the vectors that the model gives.
        base_url: address up to and including `/v1`.
        api_key_env: environment variable that holds the key; where it is not set, none is sent.
        instruction: what the model is told beside the frames; nothing if empty.
        frames: of each clip, evenly spread.
        size: frames have at most size x size pixels, in their own shape.
        timeout: the server may be silent so long.
        retries: tries after the first, where trying again may help.
        retry_delay: before the first of them; doubled each time, and never less than the server asks for.
        concurrency: requests that are under way at once.
    """

    volatile: ClassVar[frozenset[str]] = frozenset(
        {"base_url", "api_key_env", "timeout", "retries", "retry_delay", "concurrency"}
    )

    model: str
    dimensions: Count = 3072
    base_url: Url = "http://localhost:8000/v1"
    api_key_env: str = "OPENAI_API_KEY"
    instruction: str = "Represent the given video."
    frames: Count = 8
    size: Count = 336
    timeout: Annotated[float, pydantic.Field(gt=0, le=86400)] = 60.0
    retries: Annotated[int, pydantic.Field(ge=0)] = 5
    retry_delay: Seconds = 1.0
    concurrency: Count = 8

    @property
    def dim(self) -> int:
        """Length of the vectors."""
        return self.dimensions

    @property
    def sampling(self) -> Sampling:
        """Whole frames that fit into `size` x `size` pixels."""
        return Sampling(width=self.size, height=self.size, count=self.frames, fit="inside")

    def check(self) -> None:
        """Whether a server answers and accepts the key.

        Raises:
            ConfigError: it does not.
        """
        self._endpoint.check("embedder")

    def load(self, device: str) -> Embed:
        """The function that asks; `device` is the server's business.

        It raises VidcurateError where the server gives no vector, and ConfigError where it gives one of another length.
        """
        return self._embed

    def _embed(self, clips: Sequence[Frames]) -> NDArray[np.float32]:
        with ThreadPoolExecutor(self.concurrency) as pool:
            vectors = np.asarray(list(pool.map(self._ask, clips)), np.float32).reshape(len(clips), self.dim)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors

    def _ask(self, clip: Frames) -> NDArray[np.float32]:
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": _content(clip, self.instruction)}],
            "encoding_format": "float",
        }
        vector = self._endpoint.post("embeddings", body, _vector)
        if vector.shape != (self.dim,):
            raise ConfigError([f"embedder.dimensions={self.dim}: {self.model} gives {vector.size}; give that"])
        return vector

    @property
    def _endpoint(self) -> Endpoint:
        from vidcurate.model.endpoint import Endpoint

        return Endpoint(
            base_url=self.base_url,
            api_key_env=self.api_key_env,
            timeout=self.timeout,
            retries=self.retries,
            retry_delay=self.retry_delay,
        )


def _content(clip: Frames, instruction: str) -> list[dict[str, Any]]:
    from vidcurate.video.jpeg import jpeg

    urls = (f"data:image/jpeg;base64,{b64encode(jpeg(image)).decode()}" for image in clip.images)
    shown: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return [*shown, {"type": "text", "text": instruction}] if instruction else shown


def _vector(said: Any) -> NDArray[np.float32]:
    return np.array(said["data"][0]["embedding"], np.float32)
