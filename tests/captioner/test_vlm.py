from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.frames import frames_of
from vidcurate.captioner.prompts import PROMPTS
from vidcurate.captioner.vlm import Vlm
from vidcurate.errors import ConfigError, MissingWeights
from vidcurate.model import vlm
from vidcurate.records import Frames
from vidcurate.registry import fingerprint

MODELS = ["qwen2_5_vl", "qwen3_vl", "smolvlm"]


def window(seed: int, count: int = 3, height: int = 50, width: int = 70) -> Frames:
    return frames_of(np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), np.uint8), fps=2)


@pytest.fixture(params=MODELS)
def captioner(request, tiny):
    """`captioner(batch_size=1)` is a captioner of each model in turn."""
    return lambda **settings: Vlm(**{"model": tiny(request.param), "precision": "fp32", "max_tokens": 6, **settings})


def test_windows_of_many_lengths_and_shapes_share_a_batch(captioner):
    windows = [window(0), window(1, 1), window(2, 4, 90, 30), window(3, 2)]

    together = captioner(batch_size=4).load("cpu")(windows)

    assert together == captioner(batch_size=1).load("cpu")(windows)
    assert together[::-1] == captioner(batch_size=3).load("cpu")(windows[::-1])
    assert all(answer.text or answer.failure for answer in together)
    assert all(0 < answer.output_tokens <= 6 for answer in together)
    assert all(answer.prompt_tokens > len(PROMPTS["default"]) for answer in together)  # a byte is a token


def test_the_pictures_decide_what_is_said(captioner):
    caption = captioner().load("cpu")

    plain = [frames_of(np.full((4, 50, 70, 3), grey, np.uint8), fps=2) for grey in (0, 60, 128, 255)]
    assert len({answer.text for answer in caption(plain)}) > 1


def test_the_second_question_holds_the_first_answer(captioner):
    (once,) = captioner(prompt="What?").load("cpu")([window(0)])

    (twice,) = captioner(prompt="What?", stage2=True, stage2_prompt="Again!").load("cpu")([window(0)])

    (own,) = captioner(prompt=f"What?\n\nA first description:\n{once.text}\n\nAgain!").load("cpu")([window(0)])
    assert twice.text == own.text
    assert twice.prompt_tokens == once.prompt_tokens + own.prompt_tokens


def test_a_window_is_thinned(captioner):
    shown, all_frames = (captioner(max_frames=most).load("cpu")([window(0, 9)])[0] for most in (3, 9))

    assert shown.prompt_tokens < all_frames.prompt_tokens


def test_words_that_are_drawn_are_drawn_alike_every_time(captioner):
    caption, state = captioner(temperature=2.0, max_tokens=20).load("cpu"), torch.random.get_rng_state()

    assert caption([window(0)]) == caption([window(0)])
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_checkpoint_of_another_network_is_refused(tiny):
    with pytest.raises(ConfigError, match=r"captioner\.model=.* holds a clip; vlm takes qwen2_5_vl, qwen3_vl, smolvlm"):
        Vlm(model=tiny("whole_clip")).check()


def test_a_checkpoint_that_is_not_there_is_named_with_the_command_that_fetches_it(tiny):
    with pytest.raises(MissingWeights, match=r"hf download Qwen/Qwen2\.5-VL-3B-Instruct --local-dir \./models/q$"):
        Vlm(model="./models/q").check()
    with pytest.raises(MissingWeights, match=r"hf download nobody/nothing$"):
        Vlm(model="nobody/nothing", local_files_only=True).check()


def test_settings_of_speed_and_place_change_no_fingerprint():
    assert fingerprint(Vlm(model="a/b", batch_size=1, local_files_only=True)) == fingerprint(Vlm(model="a/b"))
    assert fingerprint(Vlm(model="a/b", stage2=True)) != fingerprint(Vlm(model="a/b"))


@pytest.mark.parametrize(
    ("model", "tail"),
    [
        ("qwen2_5_vl", f"user\n<|vision_start|>{'<|video_pad|>' * 8}<|vision_end|>What?<|im_end|>"),
        (
            "qwen3_vl",
            "".join(f"<{s} seconds><|vision_start|>{'<|video_pad|>' * 4}<|vision_end|>" for s in (0.2, 1.0)) + "What?",
        ),
        ("smolvlm", "of three frames from a 0:00:01 [H:MM:SS] video.\n\nFrame from 00:00:<fake_token_around_image>"),
    ],
)
def test_prompts_are_laid_out_as_the_models_own_processors_do(tiny, model, tail):
    """Compared with the processors of transformers 5.23 (with torchvision 0.28)."""
    from transformers import AutoConfig

    layout = (vlm._SmolVLM if model == "smolvlm" else vlm._Qwen)(
        AutoConfig.from_pretrained(tiny(model)), {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    )

    frames = window(0, 3)

    assert tail in layout.prompt(frames, layout.show(frames, "cpu"), "What?")
