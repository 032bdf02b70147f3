"""What every embedder must do, whoever wrote it."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Iterator

import numpy as np
import pytest

from tests.embedder.server import DIM, VectorServer, serving
from tests.frames import frames_of
from vidcurate.embedder.base import Embedder
from vidcurate.embedder.remote import RemoteEmbedder
from vidcurate.records import Frames
from vidcurate.registry import loaded, registered


@pytest.fixture
def server() -> Iterator[VectorServer]:
    with serving() as running:
        yield running


@pytest.fixture(params=sorted(registered("embedder")), ids=str)
def component(request) -> Embedder:
    embedder = registered("embedder")[request.param]
    if request.param == "openai":
        server = request.getfixturevalue("server")
        return embedder(model="m", dimensions=DIM, base_url=server.url, size=32)
    if any(field.name == "model" and field.default is dataclasses.MISSING for field in dataclasses.fields(embedder)):
        remote = {"trust_remote_code": True, "dimensions": 16} if issubclass(embedder, RemoteEmbedder) else {}
        return embedder(model=request.getfixturevalue("tiny")(request.param), size=32, **remote)
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


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_a_vector_depends_on_its_own_clip_only(component, batch_size):
    clips = [clip(component, count, seed) for seed, count in enumerate((3, 1, 4))]
    one_by_one = np.concatenate([loaded(component, "cpu")([one]) for one in clips])
    if any(field.name == "batch_size" for field in dataclasses.fields(component)):
        component = dataclasses.replace(component, batch_size=batch_size)
    embed = loaded(component, "cpu")

    # Kernels for another number of frames may add in another order: the last bits of float32 differ.
    np.testing.assert_allclose(embed(clips), one_by_one, atol=1e-5)
    np.testing.assert_allclose(embed(clips[::-1])[::-1], one_by_one, atol=1e-5)


def test_a_copy_that_went_through_pickle_gives_the_same_vectors(component):
    copy = pickle.loads(pickle.dumps(component))
    clips = [clip(component, 2, 5)]

    assert copy == component
    np.testing.assert_array_equal(copy.load("cpu")(clips), component.load("cpu")(clips))


def test_its_vectors_have_a_folder_of_their_own(component):
    known_elsewhere = {"cosmos_embed1": "ce1", "internvideo2": "iv2"}

    assert component.folder == f"{known_elsewhere.get(component.name, component.name)}_embd_parquet"
