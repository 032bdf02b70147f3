"""Vision-language models that are shown frames: Qwen2.5-VL, Qwen3-VL, SmolVLM, from any checkpoint of theirs.

Prompts and pixels are laid out here as the models' own processors lay out a video, so that torchvision, which those
need and which breaks transformers where its build is not torch's, is not needed.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from vidcurate.errors import ConfigError
from vidcurate.model.batching import batched
from vidcurate.model.device import inference
from vidcurate.model.hub import Place
from vidcurate.model.vision import Precision, torch_type
from vidcurate.records import Answer, Frames

Question = tuple[Frames, str]
"""Frames of a window, and what is asked about them."""
Say = Callable[[Sequence[Question]], list[Answer]]
"""n questions -> n answers in the same order."""

MODELS = ("qwen2_5_vl", "qwen3_vl", "smolvlm")
"""`model_type` of the checkpoints that are understood."""
ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """How answers are made.

    Attributes:
        max_tokens: of an answer.
        temperature: 0 for the most probable words; above, words are drawn with seed 0 for every batch.
        batch_size: questions that go through the network together.
    """

    max_tokens: int
    temperature: float
    batch_size: int


def check(place: Place) -> Any:
    """The config of a checkpoint.

    Raises:
        MissingExtra: transformers is not installed.
        MissingWeights: the checkpoint is not to be had.
        ConfigError: it is of a model that is not understood.
    """
    config = place.config()
    if config.model_type not in MODELS:
        raise ConfigError(
            [f"{place.key}={place.model!r} holds a {config.model_type}; {place.component} takes {', '.join(MODELS)}"]
        )
    return config


def load(place: Place, device: str, precision: Precision, how: Generation) -> Say:
    """The model on `device`; raises as `check`."""
    config = check(place)
    from transformers import AutoModelForImageTextToText, AutoTokenizer, GenerationConfig, ImageProcessingMixin

    dtype = torch_type(precision)
    with place.reading():
        model, found = AutoModelForImageTextToText.from_pretrained(
            place.path,
            config=config,
            dtype=dtype,
            output_loading_info=True,
            local_files_only=place.offline,
            trust_remote_code=False,
        )
        tokenizer = AutoTokenizer.from_pretrained(place.path, local_files_only=place.offline, trust_remote_code=False)
        says, _ = ImageProcessingMixin.get_image_processor_dict(place.path, local_files_only=place.offline)
    if found["missing_keys"]:
        some = ", ".join(sorted(found["missing_keys"])[:3])
        raise ConfigError([f"{place.key}={place.model!r} lacks {some}: not the weights of a {config.model_type}"])
    model.to(device).eval()
    layout = (_SmolVLM if config.model_type == "smolvlm" else _Qwen)(config, says)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    ends = model.generation_config.eos_token_id or tokenizer.eos_token_id
    drawn = {"do_sample": True, "temperature": how.temperature} if how.temperature else {"do_sample": False}
    settings = GenerationConfig(max_new_tokens=how.max_tokens, pad_token_id=pad, eos_token_id=ends, **drawn)

    def say(questions: Sequence[Question]) -> list[Answer]:
        seen = [layout.show(frames, device) for frames, _ in questions]
        prompts = [layout.prompt(frames, one, words) for (frames, words), one in zip(questions, seen, strict=True)]
        tokens = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
        width = max(len(line) for line in tokens)
        ids = torch.tensor([[pad] * (width - len(line)) + line for line in tokens], device=device)
        mask = torch.tensor([[0] * (width - len(line)) + [1] * len(line) for line in tokens], device=device)
        inputs = layout.inputs(seen, questions, ids, mask, dtype)
        with inference(), torch.random.fork_rng(enabled=how.temperature > 0):
            if how.temperature:
                torch.manual_seed(0)
            made = model.generate(input_ids=ids, attention_mask=mask, **inputs, generation_config=settings)
        return [_answer(tokenizer, line, len(asked), pad) for line, asked in zip(made[:, width:], tokens, strict=True)]

    return lambda questions: batched(questions, how.batch_size, say)


def _answer(tokenizer: Any, made: Tensor, asked: int, pad: int) -> Answer:
    text = tokenizer.decode(made, skip_special_tokens=True).strip()
    return Answer(
        text=text,
        failure="" if text else "the model said nothing",
        prompt_tokens=asked,
        output_tokens=int((made != pad).sum()),
    )


class _Pixels:
    """Normalises pictures as the checkpoint says."""

    def __init__(self, says: dict[str, Any]) -> None:
        self._scale = says.get("rescale_factor", 1 / 255)
        self._mean, self._deviation = says["image_mean"], says["image_std"]

    def __call__(self, frames: Frames, height: int, width: int, device: str) -> Tensor:
        """float32 [n, 3, height, width]."""
        shown = torch.from_numpy(frames.images).to(device).movedim(3, 1).float()
        if shown.shape[2:] != (height, width):
            shown = functional.interpolate(shown, (height, width), mode="bicubic", antialias=True).clamp(0, 255)
        mean, deviation = (torch.tensor(c, device=device).view(3, 1, 1) for c in (self._mean, self._deviation))
        normal: Tensor = (shown.round() * self._scale - mean) / deviation
        return normal


@dataclass(frozen=True, slots=True)
class _Seen:
    """Pixels of one window as the network takes them, and how many patches they are in time, height and width."""

    pixels: Tensor
    grid: tuple[int, int, int]


class _Qwen:
    """Qwen-VL: frames in pairs, cut into patches; four of them, 2 x 2, become one token."""

    def __init__(self, config: Any, says: dict[str, Any]) -> None:
        self._pixels, vision = _Pixels(says), config.vision_config
        self._patch, self._merge, self._pair = vision.patch_size, vision.spatial_merge_size, vision.temporal_patch_size
        self._timed, self._video = config.model_type == "qwen3_vl", config.video_token_id

    def show(self, frames: Frames, device: str) -> _Seen:
        unit, (height, width) = self._patch * self._merge, frames.images.shape[1:3]
        rows, columns = max(1, round(height / unit)), max(1, round(width / unit))
        shown = self._pixels(frames, rows * unit, columns * unit, device)
        shown = torch.cat([shown, shown[-1:].expand(-len(shown) % self._pair, -1, -1, -1)])
        pairs, patch, merge = len(shown) // self._pair, self._patch, self._merge
        cut = shown.view(pairs, self._pair, 3, rows, merge, patch, columns, merge, patch)
        patches = cut.permute(0, 3, 6, 4, 7, 2, 1, 5, 8).reshape(-1, 3 * self._pair * patch * patch)
        return _Seen(patches, (pairs, rows * merge, columns * merge))

    def prompt(self, frames: Frames, seen: _Seen, words: str) -> str:
        pairs, rows, columns = seen.grid
        area = rows * columns // self._merge**2
        if self._timed:
            times = frames.times - frames.times[0]
            times = np.append(times, np.repeat(times[-1:], -times.size % self._pair)).reshape(pairs, self._pair)
            marks = ((pair[0] + pair[-1]) / 2 for pair in times)
            video = "".join(f"<{mark:.1f} seconds>{_framed(area)}" for mark in marks)
            return f"<|im_start|>user\n{video}{words}<|im_end|>\n<|im_start|>assistant\n"
        system = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
        return f"{system}<|im_start|>user\n{_framed(pairs * area)}{words}<|im_end|>\n<|im_start|>assistant\n"

    def inputs(
        self, seen: list[_Seen], questions: Sequence[Question], ids: Tensor, mask: Tensor, dtype: torch.dtype
    ) -> dict[str, Any]:
        given = {
            "pixel_values_videos": torch.cat([one.pixels for one in seen]).to(dtype),
            "video_grid_thw": torch.tensor([one.grid for one in seen], device=ids.device),
            "mm_token_type_ids": (ids == self._video).int() * 2,
        }
        if not self._timed:
            steps = [self._pair * _step(frames) for frames, _ in questions]
            given["second_per_grid_ts"] = torch.tensor(steps, device=ids.device)
        return given


class _SmolVLM:
    """SmolVLM: every frame becomes a square of a fixed number of tokens, with its time before it."""

    def __init__(self, config: Any, says: dict[str, Any]) -> None:
        self._pixels, self._side = _Pixels(says), config.vision_config.image_size
        self._tokens = (self._side // config.vision_config.patch_size) ** 2 // config.scale_factor**2

    def show(self, frames: Frames, device: str) -> _Seen:
        return _Seen(self._pixels(frames, self._side, self._side, device), (len(frames.times), 1, 1))

    def prompt(self, frames: Frames, seen: _Seen, words: str) -> str:
        times = (frames.times - frames.times[0]).astype(int)
        fake = "<fake_token_around_image>"
        picture = f"{fake}<global-img>{'<image>' * self._tokens}{fake}"
        shown = "".join(f"\nFrame from {time // 60:02d}:{time % 60:02d}:{picture}" for time in times)
        length = datetime.timedelta(seconds=int(times[-1]))
        intro = (
            f"You are provided the following series of {spelt(len(times))} frames from a {length} [H:MM:SS] video.\n"
        )
        return f"<|im_start|>User: {intro}{shown}\n\n{words}<end_of_utterance>\nAssistant:"

    def inputs(
        self, seen: list[_Seen], questions: Sequence[Question], ids: Tensor, mask: Tensor, dtype: torch.dtype
    ) -> dict[str, Any]:
        most = max(len(one.pixels) for one in seen)  # the network leaves out pictures that are zero all over
        padded = [functional.pad(one.pixels, (0, 0, 0, 0, 0, 0, 0, most - len(one.pixels))) for one in seen]
        return {"pixel_values": torch.stack(padded).to(dtype)}


def _framed(count: int) -> str:
    return f"<|vision_start|>{'<|video_pad|>' * count}<|vision_end|>"


def _step(frames: Frames) -> float:
    """Seconds from one frame to the next."""
    return float(frames.times[-1] - frames.times[0]) / (len(frames.times) - 1) if len(frames.times) > 1 else 1.0


def spelt(number: int) -> str:
    """A number below a thousand in words, as SmolVLM has learnt them.

    >>> spelt(8), spelt(32), spelt(164)
    ('eight', 'thirty-two', 'one hundred and sixty-four')
    """
    if number < 20:
        return ONES[number]
    if number < 100:
        return f"{TENS[number // 10 - 2]}-{ONES[number % 10]}" if number % 10 else TENS[number // 10 - 2]
    rest = f" and {spelt(number % 100)}" if number % 100 else ""
    return f"{ONES[number // 100]} hundred{rest}"
