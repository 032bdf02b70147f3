from __future__ import annotations

import json

import numpy as np
import pytest

from tests.frames import frames_of
from tests.model import frames
from vidcurate.embedder.efficientnet_lite import EfficientNetLite, hashed, mirrored
from vidcurate.model import efficientnet_lite
from vidcurate.registry import fingerprint
from vidcurate.video.probe import probe
from vidcurate.video.reread import reread

DRAWN = [-350, -802, -23, -2525]  # what the first draw gave; others would make stored vectors incomparable


def pictures(count: int = 3) -> np.ndarray:
    """uint8 [count, 160, 160, 3]."""
    return frames.pictures(count)[:, 32:192, 32:192]


def test_the_vector_is_made_of_mean_and_deviation_of_the_maps():
    maps = efficientnet_lite.maps(efficientnet_lite.pretrained("cpu"), pictures(), batch=3)
    expected = hashed(mirrored(np.stack([maps.mean(axis=0), 2 * maps.std(axis=0)])))

    vectors = EfficientNetLite(batch_size=2).load("cpu")([frames_of(pictures())])

    np.testing.assert_allclose(vectors[0], expected / np.linalg.norm(expected), atol=1e-5)  # float32, other batches


def test_a_mirrored_clip_is_nearly_the_same_and_another_order_of_frames_quite():
    seen = pictures()

    vectors = EfficientNetLite().load("cpu")([frames_of(images) for images in (seen, seen[:, :, ::-1], seen[::-1])])

    assert vectors[0] @ vectors[1] > 0.9  # padding below and to the right is not mirrored with the picture
    assert vectors[0] @ vectors[2] > 0.9999


def test_a_still_clip_is_its_picture_however_many_frames_it_has():
    picture = pictures(1)

    vectors = EfficientNetLite().load("cpu")([frames_of(np.repeat(picture, count, axis=0)) for count in (1, 5)])

    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-5)  # float32, other batches


def test_mirrored_places_give_mean_and_half_distance():
    row = np.array([[1, 2, 5]], np.float32)

    assert mirrored(row).tolist() == [3, 2, 2, 0]  # (1 + 5) / 2, the middle, (5 - 1) / 2, nothing
    assert mirrored(row[:, ::-1]).tolist() == [3, 2, 2, 0]


def test_hashing_keeps_cosines():
    rng = np.random.default_rng(1)
    one, other = rng.standard_normal((2, 15 * 768)).astype(np.float32)
    mixed = 0.9 * one + np.sqrt(1 - 0.81) * other

    first, second, third = (hashed(numbers) / np.linalg.norm(hashed(numbers)) for numbers in (one, mixed, other))

    assert first @ second == pytest.approx(0.9, abs=0.03)  # 4 sigma at .9 are 4 (1 - .81) / sqrt(768)
    assert first @ third == pytest.approx(0, abs=0.15)  # 4 sigma are 4 / sqrt(768)


def test_the_draw_never_changes():
    assert hashed(np.arange(1, 3 * 768 + 1, dtype=np.float32))[:4].tolist() == DRAWN


def test_the_batch_size_changes_no_fingerprint():
    assert fingerprint(EfficientNetLite(batch_size=1)) == fingerprint(EfficientNetLite(batch_size=64))
    assert fingerprint(EfficientNetLite(frames=4)) != fingerprint(EfficientNetLite(frames=8))


@pytest.mark.corpus
def test_near_duplicates_are_nearer_than_other_moments_of_the_same_camera(corpus):
    truth = json.loads((corpus / "dups" / "ground_truth.json").read_text())["files"]
    chosen = [entry for entry in truth if entry["scene"] in {"flies", "plaza"}]
    embedder = EfficientNetLite()
    paths = [str(corpus / entry["file"]) for entry in chosen]
    assert all(probe(path).duration > 3 for path in paths)

    vectors = embedder.load("cpu")([reread(path, [embedder.sampling])[embedder.sampling] for path in paths])

    similarity = vectors @ vectors.T
    group = np.array([entry["group"] for entry in chosen])
    assert similarity[group[:, None] == group].min() > 0.91
    assert similarity[group[:, None] != group].max() < 0.91
