"""Image towers of published networks: vectors of single pictures, from any checkpoint that transformers reads.

No picture is resized here and torchvision is not needed: pictures come at the network's own size, and the constants
by which its pixels are normalised are read from the checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import ConfigError
from vidcurate.model.batching import batched
from vidcurate.model.device import inference
from vidcurate.model.hub import Place

if TYPE_CHECKING:
    from torch import Tensor, dtype

Precision = Literal["fp32", "bf16", "fp16"]
"""How numbers are held inside the network."""
Features = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""uint8 [n, size, size, 3] RGB -> float32 [n, dim], as the network gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tower:
    """One family of networks.

    Attributes:
        name: the component that uses it, for messages.
        classes: what transformers calls its class, by the `model_type` of the checkpoint's config.
        output: the field of its answer that holds the vector of the whole picture.
        width: the key of its config that holds the vector's length.
        any_size: whether it takes pictures of any size that its patches divide, not of one size only.
        example: a checkpoint of the hub.
    """

    name: str
    classes: Mapping[str, str]
    output: str
    width: str
    any_size: bool = False
    example: str


CLIP = Tower(
    name="clip",
    classes={"clip_vision_model": "CLIPVisionModelWithProjection"},
    output="image_embeds",
    width="projection_dim",
    example="openai/clip-vit-base-patch32",
)
SIGLIP = Tower(
    name="siglip",
    classes={"siglip_vision_model": "SiglipVisionModel"},
    output="pooler_output",
    width="hidden_size",
    example="google/siglip-base-patch16-224",
)
DINOV2 = Tower(
    name="dinov2",
    classes={"dinov2": "Dinov2Model", "dinov2_with_registers": "Dinov2WithRegistersModel"},
    output="pooler_output",
    width="hidden_size",
    any_size=True,
    example="facebook/dinov2-base",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A tower's weights: where they are and how they are read.

    Attributes:
        tower: the family they must belong to.
        model: a local folder, or else an id of the hub, `owner/name`.
        local_files_only: whether a hub id may only be looked up in the local cache.
        key: where its settings stand in the config, for messages.
    """

    tower: Tower
    model: str
    local_files_only: bool = False
    key: str = "embedder"

    def check(self, size: int) -> None:
        """Whether pictures of `size` x `size` pixels can be shown to it; reads its config, not its weights.

        Raises:
            MissingExtra: transformers is not installed.
            MissingWeights: there is no such folder, no weights in it, or the hub does not yield its config.
            ConfigError: it holds another network, or one for pictures of another size.
        """
        config = self._config()
        if self.tower.any_size:
            if size % config.patch_size:
                self._refuse(f"{self.key}.size={size}: {self.model} wants a multiple of {config.patch_size} pixels")
        elif size != config.image_size:
            self._refuse(f"{self.key}.size={size}: {self.model} wants {config.image_size}; give that")
        self.place.check_weights()

    @property
    def dim(self) -> int:
        """Length of its vectors; raises as `check` does."""
        return int(getattr(self._config(), self.tower.width))

    def load(self, device: str, precision: Precision, batch: int) -> Features:
        """The network on `device`, `batch` pictures at a time.

        Raises:
            MissingExtra: transformers is not installed.
            MissingWeights: the weights or the constants of the pixels are not to be had.
            ConfigError: it holds another network.
        """
        config = self._config()
        model, normalised = self._model(config, device, precision), self._normaliser(device, precision)

        def run(images: Sequence[NDArray[np.uint8]]) -> Sequence[NDArray[np.float32]]:
            with inference():
                vectors: Tensor = getattr(model(pixel_values=normalised(np.stack(images))), self.tower.output)
                return list(vectors.float().cpu().numpy())

        def features(images: NDArray[np.uint8]) -> NDArray[np.float32]:
            vectors = batched(list(images), batch, run)
            return np.asarray(vectors, np.float32).reshape(len(images), getattr(config, self.tower.width))

        return features

    def _model(self, config: Any, device: str, precision: Precision) -> Any:
        """The network with the checkpoint's weights, ready to infer."""
        import transformers

        network = getattr(transformers, self.tower.classes[config.model_type])
        with self.place.reading():
            model, found = network.from_pretrained(
                self.place.path,
                config=config,
                dtype=torch_type(precision),
                output_loading_info=True,
                local_files_only=self.place.offline,
            )
        if found["missing_keys"]:
            some = ", ".join(sorted(found["missing_keys"])[:3])
            self._refuse(f"{self.key}.model={self.model!r} lacks {some}: not the weights of a {network.__name__}")
        return model.to(device).eval()

    def _normaliser(self, device: str, precision: Precision) -> Callable[[NDArray[np.uint8]], Tensor]:
        """What makes of pixels, uint8 [..., height, width, 3], what the network takes, [..., 3, height, width]."""
        import torch

        scale, mean, deviation = (torch.tensor(numbers, device=device) for numbers in self._pixels())

        def normalised(images: NDArray[np.uint8]) -> Tensor:
            pixels = (torch.from_numpy(images).to(device).float() * scale - mean) / deviation
            return pixels.movedim(-1, -3).to(torch_type(precision))

        return normalised

    @property
    def place(self) -> Place:
        """Where it is read from."""
        return Place(
            component=self.tower.name,
            key=f"{self.key}.model",
            model=self.model,
            local_files_only=self.local_files_only,
            example=self.tower.example,
            extra="vlm",
        )

    def _config(self) -> Any:
        """The config of the image tower, alone or as part of a larger network."""
        config = self.place.read()
        vision = self._part(config)
        if vision.model_type not in self.tower.classes:
            known = ", ".join(self.tower.classes)
            self._refuse(
                f"{self.key}.model={self.model!r} holds a {config.model_type}; {self.tower.name} takes {known}"
            )
        if vision is not config and hasattr(config, self.tower.width):
            # The part repeats the length of the whole, and some published checkpoints have it wrong there.
            setattr(vision, self.tower.width, getattr(config, self.tower.width))
        return vision

    def _part(self, config: Any) -> Any:
        """Of a network's config, what is about the part that is used."""
        return getattr(config, "vision_config", config)

    def _pixels(self) -> tuple[float, list[float], list[float]]:
        """Factor, and mean and standard deviation of red, green and blue after it."""
        from transformers import ImageProcessingMixin

        with self.place.reading():
            says, _ = ImageProcessingMixin.get_image_processor_dict(
                self.place.path, local_files_only=self.place.offline
            )
        scale = says.get("rescale_factor", 1 / 255) if says.get("do_rescale", True) else 1.0
        if not says.get("do_normalize", True):
            return scale, [0.0] * 3, [1.0] * 3
        if "image_mean" not in says or "image_std" not in says:
            raise self.place.missing("has no image_mean and image_std in its preprocessor_config.json")
        return scale, says["image_mean"], says["image_std"]

    def _refuse(self, problem: str) -> None:
        raise ConfigError([problem])


def torch_type(precision: Precision) -> dtype:
    """The type of numbers that a precision means."""
    import torch

    return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
