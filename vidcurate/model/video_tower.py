"""Video towers of published networks that transformers knows: one vector of a fixed number of frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vidcurate.model.batching import batched
from vidcurate.model.device import inference
from vidcurate.model.vision import Checkpoint, Precision, Tower

if TYPE_CHECKING:
    from torch import Tensor

VideoFeatures = Callable[[Sequence[NDArray[np.uint8]]], NDArray[np.float32]]
"""n clips of k frames, uint8 [k, size, size, 3] RGB -> float32 [n, dim], as the network gives them."""

VIDEOMAE = Tower(
    name="videomae",
    classes={"videomae": "VideoMAEModel"},
    output="last_hidden_state",
    width="hidden_size",
    example="MCG-NJU/videomae-base",
)
XCLIP = Tower(
    name="xclip",
    classes={"xclip": "XCLIPModel"},
    output="pooler_output",
    width="projection_dim",
    example="microsoft/xclip-base-patch32",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoCheckpoint(Checkpoint):
    """A video tower's weights: where they are and how they are read."""

    def check_frames(self, size: int, frames: int) -> None:
        """Whether clips of `frames` frames of `size` x `size` pixels can be shown to it; raises as `check` does."""
        config = self._config()
        vision = getattr(config, "vision_config", config)
        for key, given, wanted in (("size", size, vision.image_size), ("frames", frames, vision.num_frames)):
            if given != wanted:
                self._refuse(f"embedder.{key}={given}: {self.model} wants {wanted}; give that")
        self.place.check_weights()

    def load_video(self, device: str, precision: Precision, batch: int) -> VideoFeatures:
        """The network on `device`, `batch` clips at a time; raises as `load` does."""
        config = self._config()
        model, normalised = self._model(config, device, precision), self._normaliser(device, precision)

        def run(clips: Sequence[NDArray[np.uint8]]) -> Sequence[NDArray[np.float32]]:
            with inference():
                return list(_vectors(model, normalised(np.stack(clips)), self.tower).float().cpu().numpy())

        def features(clips: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
            vectors = batched(clips, batch, run)
            return np.asarray(vectors, np.float32).reshape(len(clips), getattr(config, self.tower.width))

        return features

    def _part(self, config: Any) -> Any:
        return config


def _vectors(model: Any, pixels: Tensor, tower: Tower) -> Tensor:
    """[clips, dim] of pixels, [clips, frames, 3, size, size]."""
    said = model(pixel_values=pixels) if tower is VIDEOMAE else model.get_video_features(pixel_values=pixels)
    vectors: Tensor = getattr(said, tower.output)
    return vectors.mean(dim=1) if tower is VIDEOMAE else vectors  # tokens have no class token among them
