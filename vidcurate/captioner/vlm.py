"""Captions by a vision-language model on this machine: Qwen2.5-VL, Qwen3-VL or SmolVLM, from a folder or the hub.

Papers: Qwen2.5-VL, Bai et al. 2025, arXiv:2502.13923; SmolVLM, Marafioti et al. 2025, arXiv:2504.05299. Networks:
transformers'. Difference: frames are scaled by the video's own decoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import pydantic

from vidcurate.captioner.base import Caption
from vidcurate.captioner.prompts import Variant, first, second
from vidcurate.captioner.windows import WindowedCaptioner, thinned
from vidcurate.records import Answer, Frames, Sampling
from vidcurate.registry import Count, register

if TYPE_CHECKING:
    from vidcurate.model.hub import Place


@register
class Vlm(WindowedCaptioner):
    """Describes each window.

    Attributes:
        model: folder of a checkpoint, or an id of the hub, `owner/name`.
        fps: frames a second that are shown.
        max_frames: of a window at most so many are shown, evenly spread.
        size: frames have at most size x size pixels, in their own shape.
        prompt_variant: which of the prompts that come with vidcurate.
        prompt: a text of your own instead.
        stage2: whether the model is asked again, with its first answer before it.
        stage2_prompt: what it is then asked; None for the text that comes with vidcurate.
        max_tokens: an answer may have so many.
        temperature: 0 for the most probable words; above, batches decide which words are drawn.
        precision: how numbers are held inside the network.
        batch_size: windows that go through the network together, halved where memory does not suffice.
        local_files_only: of a hub id, use the copy in the local cache or none; a folder never asks the hub.
    """

    volatile: ClassVar[frozenset[str]] = frozenset({"batch_size", "local_files_only"})

    model: str
    fps: Annotated[float, pydantic.Field(gt=0)] = 2.0
    max_frames: Annotated[int, pydantic.Field(ge=1, lt=1000)] = 32
    size: Count = 448
    prompt_variant: Variant = "default"
    prompt: str | None = None
    stage2: bool = False
    stage2_prompt: str | None = None
    max_tokens: Count = 512
    temperature: Annotated[float, pydantic.Field(ge=0, le=2)] = 0.0
    precision: Literal["fp32", "bf16", "fp16"] = "bf16"
    batch_size: Count = 4
    local_files_only: bool = False

    @property
    def sampling(self) -> Sampling:
        """Frames at a rate, in their own shape."""
        return Sampling(width=self.size, height=self.size, fps=self.fps, fit="area")

    def check(self) -> None:
        """Whether transformers and the checkpoint are there, and it is of a model that is understood.

        Raises:
            MissingExtra: transformers is not installed.
            MissingWeights: the checkpoint is not there.
            ConfigError: it holds another network.
        """
        from vidcurate.model import vlm

        vlm.check(self._place)

    def load(self, device: str) -> Caption:
        """The function that describes; raises as `check` does."""
        from vidcurate.model import vlm

        how = vlm.Generation(max_tokens=self.max_tokens, temperature=self.temperature, batch_size=self.batch_size)
        say = vlm.load(self._place, device, self.precision, how)
        asked = first(self.prompt_variant, self.prompt)

        def caption(windows: Sequence[Frames]) -> list[Answer]:
            shown = [thinned(window, self.max_frames) for window in windows]
            answers = say([(window, asked) for window in shown])
            if not self.stage2:
                return answers
            told = [position for position, answer in enumerate(answers) if answer.text]
            again = [(shown[place], second(asked, answers[place].text, self.stage2_prompt)) for place in told]
            for place, better in zip(told, say(again), strict=True):
                answers[place] = answers[place].followed(better)
            return answers

        return caption

    @property
    def _place(self) -> Place:
        from vidcurate.model.hub import Place

        return Place(
            component="vlm",
            key="captioner.model",
            model=self.model,
            local_files_only=self.local_files_only,
            example="Qwen/Qwen2.5-VL-3B-Instruct",
            extra="vlm",
        )
