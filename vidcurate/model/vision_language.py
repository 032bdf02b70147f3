"""Networks that answer questions about pictures: any `AutoModelForImageTextToText` of transformers.

Frames are shown as pictures of one message, which every such network takes; torchvision, which some processors want
for videos alone, is not needed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import ConfigError
from vidcurate.model.device import inference
from vidcurate.model.hub import Place
from vidcurate.model.vision import Precision, torch_type

Judge = Callable[[NDArray[np.uint8], str], float]
"""uint8 [n, height, width, 3] RGB and a question -> probability of "yes" against "no"."""

YES, NO = ("yes", "Yes", "YES", " yes", " Yes"), ("no", "No", "NO", " no", " No")
"""Spellings whose first tokens count for either answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionLanguage:
    """A checkpoint: where it is and how it is read.

    Attributes:
        place: where it is read from.
        precision: how numbers are held inside the network.
    """

    place: Place
    precision: Precision = "fp32"

    def check(self) -> Any:
        """Its config; its weights are not read.

        Raises:
            MissingExtra: transformers is not installed.
            MissingWeights: there is no such folder, or the hub does not yield its config.
            ConfigError: it holds a network that does not answer questions about pictures.
        """
        config = self.place.config()
        from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

        if config.model_type not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
            raise ConfigError(
                [
                    f"{self.place.key}={self.place.model!r} holds a {config.model_type}, which answers no questions "
                    "about pictures"
                ]
            )
        return config

    def load(self, device: str) -> Judge:
        """The network on `device`, as somebody who answers yes or no; raises as `check` does."""
        config = self.check()
        import torch
        from transformers import AutoModelForImageTextToText

        dtype = torch_type(self.precision)
        with self.place.reading():
            processor = self._processor(config)
            model = AutoModelForImageTextToText.from_pretrained(
                self.place.path, dtype=dtype, local_files_only=self.place.offline, trust_remote_code=False
            )
        model.to(device).eval()
        yes, no = self._first_tokens(processor.tokenizer)

        def judge(images: NDArray[np.uint8], question: str) -> float:
            message = [{"type": "image"}] * len(images) + [{"type": "text", "text": question}]
            text = processor.apply_chat_template(
                [{"role": "user", "content": message}], add_generation_prompt=True, tokenize=False
            )
            inputs = processor(text=[text], images=_pictures(images), return_tensors="pt").to(device, dtype=dtype)
            with inference():
                said = model.generate(
                    **inputs, max_new_tokens=1, do_sample=False, output_logits=True, return_dict_in_generate=True
                )
            logits = said.logits[0][0].float()
            odds = torch.stack([logits[list(tokens)].logsumexp(0) for tokens in (yes, no)])
            return float(odds.softmax(0)[0])

        return judge

    def _processor(self, config: Any) -> Any:
        """The checkpoint's processor; without its part for videos where that wants torchvision."""
        from transformers import AutoImageProcessor, AutoProcessor, AutoTokenizer
        from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

        if importlib.util.find_spec("torchvision") is not None:
            return AutoProcessor.from_pretrained(
                self.place.path, local_files_only=self.place.offline, trust_remote_code=False
            )
        whole = PROCESSOR_MAPPING[type(config)]

        class Pictures(whole):  # type: ignore[misc, valid-type]  # its class is known at run time only
            def check_argument_for_proper_class(self, *_: object) -> None:
                """The processor for videos may be None."""

        tokenizer = AutoTokenizer.from_pretrained(
            self.place.path, local_files_only=self.place.offline, trust_remote_code=False
        )
        parts = {
            "image_processor": AutoImageProcessor.from_pretrained(
                self.place.path, local_files_only=self.place.offline, trust_remote_code=False
            ),
            "tokenizer": tokenizer,
            "video_processor": None,
        }
        wanted = {name: part for name, part in parts.items() if name in whole.get_attributes()}
        return Pictures(**wanted, chat_template=tokenizer.chat_template)

    def _first_tokens(self, tokenizer: Any) -> tuple[Sequence[int], Sequence[int]]:
        """First tokens of either answer; those that both share are left out."""
        yes, no = ({tokenizer.encode(word, add_special_tokens=False)[0] for word in words} for words in (YES, NO))
        if not (yes - no and no - yes):
            raise ConfigError([f"{self.place.key}={self.place.model!r}: its tokenizer begins yes and no alike"])
        return sorted(yes - no), sorted(no - yes)


def _pictures(images: NDArray[np.uint8]) -> list[Any]:
    from PIL import Image

    return [Image.fromarray(image) for image in images]
