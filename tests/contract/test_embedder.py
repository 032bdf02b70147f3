"""What every embedder must do, whoever wrote it."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest

from tests.frames import frames_of
from vidcurate.embedder.base import Embedder
from vidcurate.records import Frames
from vidcurate.registry import loaded, registered


@pytest.fixture(params=sorted(registered("embedder")), ids=str)
def component(request) -> Embedder:
    embedder = registered("embedder")[request.param]
    if any(field.name == "model" and field.default is dataclasses.MISSING for field in dataclasses.fields(embedder)):
        return embedder(model=request.getfixturevalue("tiny")(request.param), size=32)
    return embedder()


def clip(component: Embedder, count: int, seed: int) -> Frames:
    """Noise of the size that the embedder asks for."""
    shape = (count, component.sampling.height, component.sampling.width, 3)
    images = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    return frames_of(images)


def test_vectors_have_the_promised_shape_and_unit_length(component):
    vectors = loaded(component, "cpu")([clip(component, 4, 0), clip(component, 1, 1)])

    assert vectors.dtype == np.float32
    assert vectors.shape == (2, component.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)  # float32


def test_no_clip_has_no_vector(component):
    assert loaded(component, "cpu")([]).shape == (0, component.dim)


def test_a_vector_depends_on_its_own_clip_only(component):
    clips = [clip(component, 3, seed) for seed in range(3)]
    embed = loaded(component, "cpu")

    together = embed(clips)

    np.testing.assert_array_equal(embed(clips[::-1])[::-1], together)
    np.testing.assert_array_equal(np.concatenate([embed([one]) for one in clips]), together)


def test_a_copy_that_went_through_pickle_gives_the_same_vectors(component):
    copy = pickle.loads(pickle.dumps(component))
    clips = [clip(component, 2, 5)]

    assert copy == component
    np.testing.assert_array_equal(copy.load("cpu")(clips), component.load("cpu")(clips))


def test_its_vectors_have_a_folder_of_their_own(component):
    assert component.folder == f"{component.name}_embd_parquet"
