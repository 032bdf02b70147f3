from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.embedder.towers import noise
from vidcurate.errors import ConfigError, MissingWeights
from vidcurate.filter.vlm import FRAMING, QUESTIONS, Vlm
from vidcurate.registry import build, fingerprint

NIGHT = "night: Is it night?"


def asked_by_hand(folder: str, images: np.ndarray, question: str) -> float:
    """Probability of y, Y against n, N after a prompt that is written out here, by transformers' forward pass."""
    from PIL import Image
    from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer

    words, model = AutoTokenizer.from_pretrained(folder), AutoModelForImageTextToText.from_pretrained(folder).eval()
    seen = AutoImageProcessor.from_pretrained(folder)([Image.fromarray(image) for image in images], return_tensors="pt")
    cells = [int(grid.prod()) // 4 for grid in seen["image_grid_thw"]]  # 2 x 2 patches make a token
    shown = "".join(f"<|vision_start|>{'<|image_pad|>' * count}<|vision_end|>" for count in cells)
    text = words(f"<|im_start|>user\n{shown}{question}<|im_end|>\n<|im_start|>assistant\n", return_tensors="pt")
    kinds = (text["input_ids"] == words.convert_tokens_to_ids("<|image_pad|>")).int()
    with torch.no_grad():
        said = model(**text, **seen, mm_token_type_ids=kinds).logits[0, -1].exp()
    yes, no = (said[words.convert_tokens_to_ids(list(letters))].sum() for letters in ("yY", "nN"))
    return float(yes / (yes + no))


def test_the_score_is_the_probability_of_yes_against_no(tiny):
    frames = noise(2)

    scores = Vlm(model=tiny("vlm"), categories=("rotated", NIGHT)).load("cpu")(frames)

    expected = {
        name: asked_by_hand(tiny("vlm"), frames.images, FRAMING.format(count=2, question=question))
        for name, question in (("rotated", QUESTIONS["rotated"]), ("night", "Is it night?"))
    }
    assert scores == pytest.approx(expected | {"worst": max(expected.values())}, abs=1e-5)  # float32


def test_other_frames_have_other_scores(tiny):
    score = Vlm(model=tiny("vlm"), categories=(NIGHT,)).load("cpu")

    assert score(noise(2)) != score(noise(3))


def test_the_thirteen_grounds_are_asked_unless_others_are_named():
    assert len(Vlm(model="m").questions) == 13
    assert Vlm(model="m", categories=("shaky", NIGHT)).questions == {
        "shaky": QUESTIONS["shaky"],
        "night": "Is it night?",
    }


def test_the_reason_is_the_worst_category():
    component = Vlm(model="m", categories=("shaky", NIGHT), max=0.5)

    assert component.reason({"shaky": 0.6, "night": 0.7, "worst": 0.7}) == "night"
    assert component.reason({"shaky": 0.5, "night": 0.1, "worst": 0.5}) is None


@pytest.mark.parametrize(
    ("categories", "said"),
    [(["shakey"], "did you mean 'shaky'"), ([], "one category or more"), (["shaky", "shaky: Is it?"], "each once")],
)
def test_categories_that_nobody_knows_are_refused(categories, said):
    with pytest.raises(ConfigError, match=rf"filter\.vlm\.categories=.*{said}"):
        build("filter", "filter.vlm", {"_target_": "vidcurate.filter.vlm.Vlm", "model": "m", "categories": categories})


def test_a_network_without_language_is_refused_before_any_work(tiny):
    with pytest.raises(ConfigError, match=r"filter\.vlm\.model=.*clip_vision_model, which answers no questions"):
        Vlm(model=tiny("clip")).check()


def test_a_checkpoint_that_is_not_there_is_named_with_how_to_get_one(tmp_path):
    with pytest.raises(MissingWeights, match=r"nowhere: no such folder.*hf download"):
        Vlm(model="nowhere").check()
    with pytest.raises(MissingWeights, match="holds no weights"):
        Vlm(model=str(tmp_path)).check()


def test_the_bound_does_not_change_what_was_scored_but_the_questions_do():
    assert fingerprint(Vlm(model="m", max="p95")) == fingerprint(Vlm(model="m"))
    assert fingerprint(Vlm(model="m", categories=(NIGHT,))) != fingerprint(Vlm(model="m"))
