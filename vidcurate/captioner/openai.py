"""Captions by a model on a server that speaks OpenAI's chat completions: vLLM, TGI, or OpenAI itself.

Frames are sent as JPEGs in the order of time. vLLM must admit so many: `--limit-mm-per-prompt '{"image": 16}'`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import pydantic

from vidcurate.captioner.base import Caption
from vidcurate.captioner.prompts import Variant, first, second
from vidcurate.captioner.windows import WindowedCaptioner, thinned
from vidcurate.model.chat import Chat
from vidcurate.model.server import pictures, text
from vidcurate.records import Answer, Frames, Sampling
from vidcurate.registry import Count, register


@register
class OpenAI(Chat, WindowedCaptioner):
    """Asks a server to describe each window.

    Attributes:
        fps: frames a second that are shown.
        max_frames: of a window at most so many are shown, evenly spread.
        size: frames have at most size x size pixels, in their own shape.
        prompt_variant: which of the prompts that come with vidcurate.
        prompt: a text of your own instead.
        stage2: whether the model is asked again, with its first answer before it.
        stage2_prompt: what it is then asked; None for the text that comes with vidcurate.
    """

    volatile: ClassVar[frozenset[str]] = Chat.speed

    fps: Annotated[float, pydantic.Field(gt=0)] = 2.0
    max_frames: Count = 16
    size: Count = 512
    prompt_variant: Variant = "default"
    prompt: str | None = None
    stage2: bool = False
    stage2_prompt: str | None = None

    @property
    def sampling(self) -> Sampling:
        """Frames at a rate, in their own shape."""
        return Sampling(width=self.size, height=self.size, fps=self.fps, fit="area")

    def check(self) -> None:
        """Whether a server answers and accepts the key.

        Raises:
            ConfigError: it does not.
        """
        self.reach("captioner")

    def load(self, device: str) -> Caption:
        """The function that asks; `device` is the server's business."""
        return lambda windows: self.each(self._caption, windows)

    def _caption(self, window: Frames) -> Answer:
        frames, asked = _pictures(thinned(window, self.max_frames)), first(self.prompt_variant, self.prompt)
        answer = self.ask([*frames, text(asked)])
        if answer.failure or not self.stage2:
            return answer
        return answer.followed(self.ask([*frames, text(second(asked, answer.text, self.stage2_prompt))]))


def _pictures(frames: Frames) -> Sequence[dict[str, Any]]:
    times = ", ".join(f"{time:.1f}" for time in frames.times - frames.times[0])
    return [text(f"Frames of one video, in order, taken at these seconds: {times}."), *pictures(frames.images)]
