from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.embedder.towers import noise, shown
from vidcurate.errors import ConfigError, MissingWeights
from vidcurate.filter.aesthetic import Aesthetic
from vidcurate.model.aesthetic_head import load_aesthetic_head
from vidcurate.registry import fingerprint


@pytest.fixture
def head(tiny) -> Path:
    return Path(tiny("aesthetic_head")) / "head.pth"


@pytest.fixture
def votes(tiny, head) -> np.ndarray:
    """What transformers' CLIP and PyTorch's layers make of five frames of noise."""
    from transformers import CLIPVisionModelWithProjection

    clip = CLIPVisionModelWithProjection.from_pretrained(tiny("clip")).eval()
    layers = torch.load(head, weights_only=True)
    vectors = torch.from_numpy(shown(noise(5), lambda pixels: clip(pixel_values=pixels).image_embeds))
    hidden = vectors / vectors.norm(dim=1, keepdim=True)
    for name in ("layers.0", "layers.2"):
        hidden = torch.nn.functional.linear(hidden, layers[f"{name}.weight"], layers[f"{name}.bias"])
    return hidden[:, 0].numpy()


@pytest.mark.parametrize("reduction", ["min", "mean"])
def test_the_score_is_what_the_head_says_of_unit_vectors(tiny, head, votes, reduction):
    component = Aesthetic(model=tiny("clip"), head=str(head), size=32, reduction=reduction, batch_size=2)

    score = component.load("cpu")(noise(5))["aesthetic"]

    assert votes.max() - votes.min() > 1e-3
    assert score == pytest.approx(getattr(votes, reduction)(), abs=1e-5)  # float32, other batches


def test_a_head_of_one_layer_and_a_file_of_safetensors_serve_too(tmp_path):
    weight, vectors = torch.arange(4.0)[None], np.eye(4, dtype=np.float32)
    save_file({"weight": weight, "bias": torch.tensor([0.5])}, tmp_path / "linear.safetensors")

    assert load_aesthetic_head(str(tmp_path / "linear.safetensors"), 4)(vectors).tolist() == [0.5, 1.5, 2.5, 3.5]


def test_layers_are_taken_in_the_order_of_their_numbers(tmp_path):
    torch.manual_seed(0)
    layers = [torch.nn.Linear(4, 4) for _ in range(11)] + [torch.nn.Linear(4, 1)]
    stored = {f"layers.{n}.{k}": v for n, layer in enumerate(layers) for k, v in layer.state_dict().items()}
    torch.save(stored, tmp_path / "deep.pth")
    vectors = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)

    said = load_aesthetic_head(str(tmp_path / "deep.pth"), 4)(vectors)

    expected = torch.nn.Sequential(*layers)(torch.from_numpy(vectors)).detach().numpy()[:, 0]
    np.testing.assert_allclose(said, expected, atol=1e-5)  # float32 there


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"weight": torch.zeros(1, 768)}, "takes 768 numbers and gets 16"),
        ({"weight": torch.zeros(2, 16)}, "ends in 2 numbers"),
        ({"bias": torch.zeros(1)}, "no layers"),
    ],
)
def test_a_head_for_other_vectors_is_refused_before_any_work(tiny, tmp_path, tensors, said):
    torch.save(tensors, tmp_path / "other.pth")

    with pytest.raises(MissingWeights, match=said):
        Aesthetic(model=tiny("clip"), head=str(tmp_path / "other.pth"), size=32).check()


def test_a_file_that_holds_code_is_not_run(tiny, tmp_path):
    torch.save(torch.nn.Linear(16, 1), tmp_path / "code.pth")

    with pytest.raises(MissingWeights, match="no aesthetic head"):
        Aesthetic(model=tiny("clip"), head=str(tmp_path / "code.pth"), size=32).check()


def test_a_head_that_is_not_there_is_named_with_where_to_get_one(tiny):
    with pytest.raises(MissingWeights, match=r"nowhere\.pth: no such file.*improved-aesthetic-predictor"):
        Aesthetic(model=tiny("clip"), head="nowhere.pth", size=32).check()


def test_another_network_is_refused_under_the_filters_name(tiny, head):
    with pytest.raises(ConfigError, match=r"filter\.aesthetic\.model=.*siglip"):
        Aesthetic(model=tiny("siglip"), head=str(head), size=32).check()


@pytest.mark.parametrize(("score", "reason"), [(3.49, "ugly"), (3.5, None)])
def test_clips_below_the_bound_are_dropped(score, reason):
    assert Aesthetic(model="m", head="h", min=3.5).reason({"aesthetic": score}) == reason


def test_bound_and_batches_do_not_change_what_was_scored():
    assert fingerprint(Aesthetic(model="m", head="h", min="p20", batch_size=1)) == fingerprint(
        Aesthetic(model="m", head="h")
    )
