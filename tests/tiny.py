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


def vlm(folder: Path) -> None:
    """Qwen2.5-VL with an alphabet of bytes, without its part for videos, which wants torchvision."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import (
        PreTrainedTokenizerFast,
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2VLImageProcessorPil,
    )

    bytewise = Tokenizer(models.BPE(vocab={sign: n for n, sign in enumerate(sorted(_bytes()))}, merges=[]))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    words = PreTrainedTokenizerFast(tokenizer_object=bytewise, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    marks = ["<|im_start|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    words.add_special_tokens({"additional_special_tokens": marks})
    words.chat_template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% for c in m.content %}{% if c.type == 'image' %}"
        "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ c.text }}{% endif %}{% endfor %}<|im_end|>\n"
        "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    start, vision_start, vision_end, image, video = words.convert_tokens_to_ids(marks)
    text = {"vocab_size": len(words), "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 4096,
            "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e4},
            "bos_token_id": start, "eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id}  # fmt: skip
    vision = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 32,
              "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2, "fullatt_block_indexes": [1],
              "window_size": 112}  # fmt: skip
    config = Qwen2_5_VLConfig(text_config=text, vision_config=vision, image_token_id=image, video_token_id=video,
                              vision_start_token_id=vision_start, vision_end_token_id=vision_end)  # fmt: skip
    Qwen2_5_VLForConditionalGeneration(config).save_pretrained(folder)
    words.save_pretrained(folder)
    Qwen2VLImageProcessorPil(patch_size=14, min_pixels=56 * 56, max_pixels=112 * 112).save_pretrained(folder)


def t5(folder: Path) -> None:
    """T5's encoder with an alphabet of letters; vectors of 32 numbers."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

    letters = [(sign, -2.0) for sign in "▁abcdefghijklmnopqrstuvwxyz., "]
    words = Tokenizer(models.Unigram([("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -10.0), *letters], unk_id=2))
    words.normalizer, words.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Metaspace()
    words.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    T5EncoderModel(
        T5Config(vocab_size=3 + len(letters), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4)
    ).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    ).save_pretrained(folder)


def _bytes() -> list[str]:
    from tokenizers import pre_tokenizers

    return pre_tokenizers.ByteLevel.alphabet()


def aesthetic_head(folder: Path) -> None:
    """Two layers for vectors of 16 numbers, in a file as LAION's are: `head.pth`."""
    import torch

    folder.mkdir()
    layers = {"layers.0": torch.nn.Linear(16, 4), "layers.2": torch.nn.Linear(4, 1)}
    tensors = {f"{name}.{part}": value for name, layer in layers.items() for part, value in layer.state_dict().items()}
    torch.save(tensors, folder / "head.pth")


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
        vlm,
        t5,
        aesthetic_head,
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
