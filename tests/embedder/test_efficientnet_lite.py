from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.frames import frames_of
from tests.model.frames import pictures
from vidcurate.embedder.efficientnet_lite import EfficientNetLite
from vidcurate.registry import fingerprint
from vidcurate.video.probe import probe
from vidcurate.video.reread import reread


def test_the_vector_is_the_root_of_the_mean_features():
    expected = np.load(Path(__file__).parents[1] / "model" / "efficientnet_lite_reference.npz")["features"]
    root = np.sqrt(expected.mean(axis=0))

    vectors = EfficientNetLite().load("cpu")([frames_of(pictures())])

    np.testing.assert_allclose(vectors[0], root / np.linalg.norm(root), atol=1e-3)  # as in the model's own test


def test_the_batch_size_changes_no_fingerprint():
    assert fingerprint(EfficientNetLite(batch_size=1)) == fingerprint(EfficientNetLite(batch_size=64))
    assert fingerprint(EfficientNetLite(frames=4)) != fingerprint(EfficientNetLite(frames=8))


@pytest.mark.corpus
def test_near_duplicates_are_nearer_than_other_scenes(corpus):
    truth = json.loads((corpus / "dups" / "ground_truth.json").read_text())["files"]
    chosen = [entry for entry in truth if entry["scene"] in {"dog", "plaza"} and entry["relation"] != "mirror"]
    embedder = EfficientNetLite()
    paths = [str(corpus / entry["file"]) for entry in chosen]
    assert all(probe(path).duration > 3 for path in paths)

    vectors = embedder.load("cpu")([reread(path, [embedder.sampling])[embedder.sampling] for path in paths])

    similarity = vectors @ vectors.T
    group = np.array([entry["group"] for entry in chosen])
    scene = np.array([entry["scene"] for entry in chosen])
    duplicates = similarity[group[:, None] == group]
    assert duplicates.min() > 0.9
    assert similarity[scene[:, None] != scene].max() < 0.8
