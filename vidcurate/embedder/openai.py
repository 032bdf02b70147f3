"""Vectors from a server that speaks OpenAI's /v1/embeddings and takes pictures, as vLLM does.

The frames of a clip are sent as JPEGs in one user message, in the order of time: vLLM's extension of the protocol,
https://docs.vllm.ai, "Multimodal inputs". vLLM must admit so many: `--limit-mm-per-prompt '{"image": 8}'`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
import pydantic
from numpy.typing import NDArray

from vidcurate.embedder.base import Embed, Embedder
from vidcurate.errors import ConfigError
from vidcurate.model.server import Server, pictures, text
from vidcurate.records import Frames, Sampling
from vidcurate.registry import Count, register


@register
class OpenAI(Server, Embedder):
    """Asks a server for the vector of each clip.

    Attributes:
        dimensions: length of the vectors that the model gives.
        instruction: what the model is told beside the frames; nothing if empty.
        frames: of each clip, evenly spread.
        size: frames have at most size x size pixels, in their own shape.
    """

    volatile: ClassVar[frozenset[str]] = Server.speed

    timeout: Annotated[float, pydantic.Field(gt=0, le=86400)] = 60.0
    dimensions: Count = 3072
    instruction: str = "Represent the given video."
    frames: Count = 8
    size: Count = 336

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
        self.endpoint.check("embedder")

    def load(self, device: str) -> Embed:
        """The function that asks; `device` is the server's business.

        It raises VidcurateError where the server gives no vector, and ConfigError where it gives one of another length.
        """
        return self._embed

    def _embed(self, clips: Sequence[Frames]) -> NDArray[np.float32]:
        vectors = np.asarray(self.each(self._ask, clips), np.float32).reshape(len(clips), self.dim)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors

    def _ask(self, clip: Frames) -> NDArray[np.float32]:
        said = [text(self.instruction)] if self.instruction else []
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": [*pictures(clip.images), *said]}],
            "encoding_format": "float",
        }
        vector = self.endpoint.post("embeddings", body, _vector)
        if vector.shape != (self.dim,):
            raise ConfigError([f"embedder.dimensions={self.dim}: {self.model} gives {vector.size}; give that"])
        return vector


def _vector(said: Any) -> NDArray[np.float32]:
    return np.array(said["data"][0]["embedding"], np.float32)
