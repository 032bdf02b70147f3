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


def videomae(folder: Path) -> None:
    """16 frames; vectors of 32 numbers."""
    from transformers import VideoMAEConfig, VideoMAEModel

    _save(VideoMAEModel(VideoMAEConfig(**{**SHAPE, "patch_size": 16}, intermediate_size=64)), folder)


def videomae_classifier(folder: Path) -> None:
    """The same below a classifier, as fine-tuned checkpoints are published."""
    from transformers import VideoMAEConfig, VideoMAEForVideoClassification

    _save(VideoMAEForVideoClassification(VideoMAEConfig(**{**SHAPE, "patch_size": 16}, intermediate_size=64)), folder)


def xclip(folder: Path) -> None:
    """Both towers, as X-CLIP is published; 8 frames, vectors of 16 numbers."""
    from transformers import XCLIPConfig, XCLIPModel

    across = {"mit_hidden_size": 16, "mit_intermediate_size": 32, "mit_num_hidden_layers": 1}
    vision = {**SHAPE, **across, "intermediate_size": 64, "num_frames": 8, "mit_num_attention_heads": 2}
    prompts = {"projection_dim": 16, "prompt_layers": 1, "prompt_num_attention_heads": 2}
    _save(XCLIPModel(XCLIPConfig(text_config=TEXT, vision_config=vision, **prompts)), folder)


def cosmos_embed1(folder: Path) -> None:
    """A network with code of its own and the functions of Cosmos-Embed1; vectors of 16 numbers."""
    _remote(
        folder,
        """
    def get_video_embeddings(self, videos):
        return SimpleNamespace(visual_proj=self.layer(videos.mean((3, 4)).flatten(1)))
""",
    )


def internvideo2(folder: Path) -> None:
    """A network with code of its own and the function of InternVideo2; vectors of 16 numbers."""
    _remote(
        folder,
        """
    def get_vid_feat(self, frames):
        return self.layer(frames.mean((3, 4)).transpose(1, 2).flatten(1))
""",
    )


WRITERS: Mapping[str, Callable[[Path], None]] = {
    writer.__name__: writer
    for writer in (
        clip,
        whole_clip,
        siglip,
        whole_siglip,
        dinov2,
        dinov2_with_registers,
        videomae,
        videomae_classifier,
        xclip,
        cosmos_embed1,
        internvideo2,
    )
}


def _save(model, folder: Path) -> None:
    model.save_pretrained(folder)
    says = {"do_normalize": True, "image_mean": MEAN, "image_std": DEVIATION, "rescale_factor": 1 / 255}
    (folder / "preprocessor_config.json").write_text(json.dumps(says), encoding="utf-8")


REMOTE = """from types import SimpleNamespace

import torch
from transformers import PretrainedConfig, PreTrainedModel, ProcessorMixin, BatchFeature


class TinyConfig(PretrainedConfig):
    model_type = "tiny_remote"


class TinyProcessor(ProcessorMixin):
    attributes = []

    def __call__(self, videos):  # [clips, frames, colours, rows, columns] -> [clips, colours, frames, ...]
        return BatchFeature({"videos": torch.from_numpy(videos).float().transpose(1, 2) / 255})


class TinyModel(PreTrainedModel):
    config_class = TinyConfig

    def __init__(self, config):
        super().__init__(config)
        self.layer = torch.nn.Linear(24, 16)
        self.post_init()
"""


def _remote(folder: Path, function: str) -> None:
    """A checkpoint whose network takes 8 frames and is defined beside its weights."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    (folder / "modeling_tiny.py").write_text(REMOTE + function, encoding="utf-8")
    layer = torch.nn.Linear(24, 16)
    tensors = {"layer.weight": layer.weight.detach(), "layer.bias": layer.bias.detach()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    auto = {"AutoConfig": "modeling_tiny.TinyConfig", "AutoModel": "modeling_tiny.TinyModel"}
    config = {"model_type": "tiny_remote", "architectures": ["TinyModel"], "auto_map": auto, "embed_dim": 16}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    auto = {"AutoProcessor": "modeling_tiny.TinyProcessor"}
    processor = {"processor_class": "TinyProcessor", "auto_map": auto}
    (folder / "processor_config.json").write_text(json.dumps(processor), encoding="utf-8")
