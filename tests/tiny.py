"""Checkpoints with the layout of published ones and a few thousand random weights, written on the spot."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

SHAPE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32, "patch_size": 8}
TEXT = {"vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "bos_token_id": 1,
        "eos_token_id": 2, "pad_token_id": 0, "max_position_embeddings": 8, "intermediate_size": 64}  # fmt: skip
MEAN, DEVIATION = [0.5, 0.4, 0.3], [0.2, 0.25, 0.3]  # unlike those of any published checkpoint


def clip(folder: Path) -> None:
    """The image tower alone; vectors of 16 numbers."""
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    _save(CLIPVisionModelWithProjection(CLIPVisionConfig(**SHAPE, intermediate_size=64, projection_dim=16)), folder)


def whole_clip(folder: Path) -> None:
    """Both towers; the image tower's config says, wrongly and as in some published ones, 512 numbers, not 16."""
    from transformers import CLIPConfig, CLIPModel

    vision = {**SHAPE, "intermediate_size": 64}
    _save(CLIPModel(CLIPConfig(text_config=TEXT, vision_config=vision, projection_dim=16)), folder)


def siglip(folder: Path) -> None:
    """The image tower alone; vectors of 32 numbers."""
    from transformers import SiglipVisionConfig, SiglipVisionModel

    _save(SiglipVisionModel(SiglipVisionConfig(**SHAPE, intermediate_size=64)), folder)


def whole_siglip(folder: Path) -> None:
    """Both towers, as SigLIP is published."""
    from transformers import SiglipConfig, SiglipModel

    vision = {**SHAPE, "intermediate_size": 64}
    _save(SiglipModel(SiglipConfig(text_config=TEXT, vision_config=vision)), folder)


def dinov2(folder: Path) -> None:
    """Vectors of 32 numbers; its own size is 48 pixels, so that pictures of 32 have their positions interpolated."""
    from transformers import Dinov2Config, Dinov2Model

    _save(Dinov2Model(Dinov2Config(**{**SHAPE, "image_size": 48}, mlp_ratio=2)), folder)


def dinov2_with_registers(folder: Path) -> None:
    """The same with four registers."""
    from transformers import Dinov2WithRegistersConfig, Dinov2WithRegistersModel

    _save(Dinov2WithRegistersModel(Dinov2WithRegistersConfig(**{**SHAPE, "image_size": 48}, mlp_ratio=2)), folder)


def aesthetic_head(folder: Path) -> None:
    """Two layers for vectors of 16 numbers, in a file as LAION's are: `head.pth`."""
    import torch

    folder.mkdir()
    layers = {"layers.0": torch.nn.Linear(16, 4), "layers.2": torch.nn.Linear(4, 1)}
    tensors = {f"{name}.{part}": value for name, layer in layers.items() for part, value in layer.state_dict().items()}
    torch.save(tensors, folder / "head.pth")


WRITERS: Mapping[str, Callable[[Path], None]] = {
    writer.__name__: writer
    for writer in (clip, whole_clip, siglip, whole_siglip, dinov2, dinov2_with_registers, aesthetic_head)
}


def _save(model, folder: Path) -> None:
    model.save_pretrained(folder)
    says = {"do_normalize": True, "image_mean": MEAN, "image_std": DEVIATION, "rescale_factor": 1 / 255}
    (folder / "preprocessor_config.json").write_text(json.dumps(says), encoding="utf-8")
