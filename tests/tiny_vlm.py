"""Vision-language and language checkpoints with the layout of published ones and a few thousand random weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.tiny import DEVIATION, MEAN

TEXT = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "max_position_embeddings": 4096}  # fmt: skip
QWEN = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
SMOL = ("<|im_start|>", "<end_of_utterance>", "<image>", "<fake_token_around_image>", "<global-img>")
CHAT = (
    "{% for m in messages %}<|im_start|>{{m.role}}\n{{m.content}}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def qwen2_5_vl(folder: Path) -> None:
    """Patches of 14 pixels, four of them a token."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    text = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e4}
    vision = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 32,
              "patch_size": 14, "fullatt_block_indexes": [1], "window_size": 112}  # fmt: skip
    tokenizer = _tokens(folder, QWEN, "<|im_end|>")
    config = Qwen2_5_VLConfig(
        text_config=TEXT | _ends(tokenizer) | {"rope_parameters": text}, vision_config=vision, **_marks(tokenizer)
    )
    _save(Qwen2_5_VLForConditionalGeneration(config), folder)


def qwen3_vl(folder: Path) -> None:
    """Patches of 16 pixels, four of them a token, and times between the frames."""
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    rope = {"rope_type": "default", "mrope_section": [2, 1, 1], "mrope_interleaved": True, "rope_theta": 1e4}
    vision = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 32,
              "patch_size": 16, "num_position_embeddings": 64, "deepstack_visual_indexes": [0]}  # fmt: skip
    tokenizer = _tokens(folder, QWEN, "<|im_end|>")
    text = TEXT | _ends(tokenizer) | {"rope_parameters": rope, "head_dim": 8}
    config = Qwen3VLConfig(text_config=text, vision_config=vision, **_marks(tokenizer))
    _save(Qwen3VLForConditionalGeneration(config), folder)


def smolvlm(folder: Path) -> None:
    """Frames of 64 x 64 pixels, four tokens each."""
    from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration

    tokenizer = _tokens(folder, SMOL, "<end_of_utterance>")
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
              "image_size": 64, "patch_size": 16}  # fmt: skip
    config = SmolVLMConfig(
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"), scale_factor=2, tie_word_embeddings=False,
        text_config={"model_type": "llama", **TEXT, "head_dim": 8, **_ends(tokenizer)}, vision_config=vision,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    _save(SmolVLMForConditionalGeneration(config), folder)


def llama(folder: Path) -> None:
    """A language model that chats."""
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _tokens(folder, QWEN[:2], "<|im_end|>", CHAT)
    LlamaForCausalLM(LlamaConfig(**TEXT, **_ends(tokenizer))).save_pretrained(folder)


WRITERS: Mapping[str, Callable[[Path], None]] = {w.__name__: w for w in (qwen2_5_vl, qwen3_vl, smolvlm, llama)}


def _tokens(folder: Path, specials: Sequence[str], end: str, chat: str | None = None):
    """A tokenizer of single bytes and of some words of its own, saved."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    bytewise = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bytewise, eos_token=end, pad_token="<|endoftext|>")
    tokenizer.add_special_tokens({"additional_special_tokens": list(specials)})
    tokenizer.chat_template = chat
    tokenizer.save_pretrained(folder)
    return tokenizer


def _ends(tokenizer) -> dict[str, int]:
    return {"vocab_size": len(tokenizer), "bos_token_id": tokenizer.convert_tokens_to_ids("<|im_start|>"),
            "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}  # fmt: skip


def _marks(tokenizer) -> dict[str, int]:
    names = {"image_token_id": "<|image_pad|>", "video_token_id": "<|video_pad|>",
             "vision_start_token_id": "<|vision_start|>", "vision_end_token_id": "<|vision_end|>"}  # fmt: skip
    return {key: tokenizer.convert_tokens_to_ids(token) for key, token in names.items()}


def _save(model, folder: Path) -> None:
    import torch

    with torch.no_grad():  # as they are drawn, pictures are too faint to change a word
        for weights in model.parameters():
            weights *= 8 if weights.ndim > 1 else 1
    model.save_pretrained(folder)
    says = {"image_mean": MEAN, "image_std": DEVIATION, "rescale_factor": 1 / 255}
    (folder / "preprocessor_config.json").write_text(json.dumps(says), encoding="utf-8")
