"""Video networks whose checkpoints bring Python code of their own, which runs only where the user has allowed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import ConfigError
from vidcurate.model.batching import batched
from vidcurate.model.device import inference
from vidcurate.model.hub import Place
from vidcurate.model.video_tower import VideoFeatures
from vidcurate.model.vision import Precision, torch_type

if TYPE_CHECKING:
    from torch import Tensor

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue, by which InternVideo2's pixels are normalised."""

Family = Literal["cosmos_embed1", "internvideo2"]
EXAMPLES: dict[Family, str] = {
    "cosmos_embed1": "nvidia/Cosmos-Embed1-224p",
    "internvideo2": "OpenGVLab/InternVideo2-Stage2_6B",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteCheckpoint:
    """A checkpoint with code: where it is and how it is asked.

    Attributes:
        family: whose functions the code must have.
        model: a local folder, or else an id of the hub, `owner/name`.
        trusted: whether its code may run.
        dim: length of the vectors that are expected of it.
        local_files_only: whether a hub id may only be looked up in the local cache.
    """

    family: Family
    model: str
    trusted: bool
    dim: int
    local_files_only: bool = False

    def check(self) -> None:
        """Whether it can be loaded; runs none of its code.

        Raises:
            MissingExtra: transformers is not installed.
            MissingWeights: the checkpoint is not there.
            ConfigError: its code may not run, or its vectors have another length.
        """
        place = self._place
        place.check_installed()
        from transformers import PretrainedConfig

        with place.reading():
            says, _ = PretrainedConfig.get_config_dict(place.path, local_files_only=place.offline)
        code = says.get("auto_map", {}).get("AutoModel")
        if code is None:
            raise ConfigError([f"embedder.model={self.model!r} brings no code of a {self.family} (no auto_map)"])
        if not self.trusted:
            raise ConfigError(
                [
                    f"embedder.model={self.model!r} brings code of its own ({code}) that would run on this machine: "
                    "read it, and if you trust it give embedder.trust_remote_code=true"
                ]
            )
        if says.get("embed_dim", self.dim) != self.dim:
            raise ConfigError([f"embedder.dimensions={self.dim}: {self.model} gives {says['embed_dim']}; give that"])
        place.check_weights()

    def load(self, device: str, precision: Precision, batch: int) -> VideoFeatures:
        """The network on `device`, `batch` clips at a time; raises as `check` does."""
        self.check()
        from transformers import AutoModel, AutoProcessor

        place = self._place
        where = {"trust_remote_code": self.trusted, "local_files_only": place.offline}
        kind = torch_type(precision)
        try:
            with place.reading():
                model = AutoModel.from_pretrained(place.path, dtype=kind, **where).to(device).eval()
                processor = AutoProcessor.from_pretrained(place.path, **where) if self._processed else None
        except ImportError as error:
            raise ConfigError([f"embedder.model={self.model!r}: its code needs a package: {error}"]) from error

        def run(clips: Sequence[NDArray[np.uint8]]) -> Sequence[NDArray[np.float32]]:
            with inference():
                pixels = np.stack(clips).transpose(0, 1, 4, 2, 3)  # clips, frames, colours, rows, columns
                if processor is not None:
                    shown = processor(videos=pixels).to(device, dtype=kind)
                    vectors = model.get_video_embeddings(**shown).visual_proj
                else:
                    vectors = model.get_vid_feat(_normalised(pixels).to(device, kind))
                return list(self._proven(vectors).float().cpu().numpy())

        def features(clips: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
            return np.asarray(batched(clips, batch, run), np.float32).reshape(len(clips), self.dim)

        return features

    def _proven(self, vectors: Tensor) -> Tensor:
        if vectors.shape[-1] != self.dim:
            raise ConfigError([f"embedder.dimensions={self.dim}: {self.model} gives {vectors.shape[-1]}; give that"])
        return vectors

    @property
    def _processed(self) -> bool:
        """Whether the checkpoint's own code makes the network's input of pixels."""
        return self.family == "cosmos_embed1"

    @property
    def _place(self) -> Place:
        return Place(
            component=self.family,
            key="embedder.model",
            model=self.model,
            local_files_only=self.local_files_only,
            example=EXAMPLES[self.family],
            extra="vlm",
        )


def _normalised(pixels: NDArray[np.uint8]) -> Any:
    import torch

    mean, deviation = (torch.tensor(numbers).view(3, 1, 1) for numbers in (MEAN, DEVIATION))
    return (torch.from_numpy(pixels).float() / 255 - mean) / deviation
