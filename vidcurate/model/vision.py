"""Image towers of published networks: vectors of single pictures, from any checkpoint that transformers reads.

No picture is resized here and torchvision is not needed: pictures come at the network's own size, and the constants
by which its pixels are normalised are read from the checkpoint.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import ConfigError, MissingExtra, MissingWeights
from vidcurate.model.device import inference

if TYPE_CHECKING:
    from torch import Tensor

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
        folder = self._folder
        if folder and not any(file.suffix in {".safetensors", ".bin"} for file in folder.iterdir()):
            raise self._missing("holds no weights")

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
        import torch
        import transformers

        dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
        network = getattr(transformers, self.tower.classes[config.model_type])
        with self._reading(), quiet():
            model, found = network.from_pretrained(
                self._place, config=config, dtype=dtype, output_loading_info=True, local_files_only=self._offline
            )
        if found["missing_keys"]:
            some = ", ".join(sorted(found["missing_keys"])[:3])
            self._refuse(f"{self.key}.model={self.model!r} lacks {some}: not the weights of a {network.__name__}")
        model.to(device).eval()
        scale, mean, deviation = (torch.tensor(numbers, device=device) for numbers in self._pixels())

        def features(images: NDArray[np.uint8]) -> NDArray[np.float32]:
            parts = [np.empty((0, getattr(config, self.tower.width)), np.float32)]
            for start in range(0, len(images), batch):
                with inference():
                    shown = torch.from_numpy(images[start : start + batch]).to(device)
                    pixels = ((shown.float() * scale - mean) / deviation).movedim(3, 1)
                    vectors: Tensor = getattr(model(pixel_values=pixels.to(dtype)), self.tower.output)
                    parts.append(vectors.float().cpu().numpy())
            return np.concatenate(parts)

        return features

    @property
    def _folder(self) -> Path | None:
        """The local folder; None for an id of the hub."""
        path = Path(self.model).expanduser()
        if path.is_dir():
            return path
        if re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", self.model):
            return None
        raise MissingWeights(
            f"{self.model}: no such folder of a {self.tower.name} checkpoint, and no id of the hub (owner/name): "
            f"hf download {self.tower.example} --local-dir {self.model}"
        )

    @property
    def _place(self) -> str:
        return str(self._folder or self.model)

    @property
    def _offline(self) -> bool:
        return self.local_files_only or self._folder is not None

    def _config(self) -> Any:
        """The config of the image tower, alone or as part of a larger network."""
        if importlib.util.find_spec("transformers") is None:
            raise MissingExtra(self.tower.name, package="transformers", extra="vlm")
        from transformers import AutoConfig

        with self._reading(), quiet():
            config = AutoConfig.from_pretrained(self._place, local_files_only=self._offline)
        vision = getattr(config, "vision_config", config)
        if vision.model_type not in self.tower.classes:
            known = ", ".join(self.tower.classes)
            self._refuse(
                f"{self.key}.model={self.model!r} holds a {config.model_type}; {self.tower.name} takes {known}"
            )
        if vision is not config and hasattr(config, self.tower.width):
            # The part repeats the length of the whole, and some published checkpoints have it wrong there.
            setattr(vision, self.tower.width, getattr(config, self.tower.width))
        return vision

    def _pixels(self) -> tuple[float, list[float], list[float]]:
        """Factor, and mean and standard deviation of red, green and blue after it."""
        from transformers import ImageProcessingMixin

        with self._reading():
            says, _ = ImageProcessingMixin.get_image_processor_dict(self._place, local_files_only=self._offline)
        scale = says.get("rescale_factor", 1 / 255) if says.get("do_rescale", True) else 1.0
        if not says.get("do_normalize", True):
            return scale, [0.0] * 3, [1.0] * 3
        if "image_mean" not in says or "image_std" not in says:
            raise self._missing("has no image_mean and image_std in its preprocessor_config.json")
        return scale, says["image_mean"], says["image_std"]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Say in our words what transformers says of files that are absent or that it does not know."""
        try:
            yield
        except OSError as error:
            raise self._missing(f"cannot be read ({str(error).splitlines()[0]})") from error
        except ValueError as error:
            raise ConfigError([f"{self.key}.model={self.model!r}: {str(error).splitlines()[0]}"]) from error

    def _missing(self, what: str) -> MissingWeights:
        fetch = f"{self.tower.example} --local-dir {self.model}" if self._folder else self.model
        return MissingWeights(f"{self.tower.name} checkpoint {self.model} {what}: hf download {fetch}")

    def _refuse(self, problem: str) -> None:
        raise ConfigError([problem])


@contextmanager
def quiet() -> Iterator[None]:
    """Without transformers' progress bars and its list of the tensors, those of a text tower, that stay unread."""
    from transformers.utils import logging

    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()
