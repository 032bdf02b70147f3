from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator

import av
import numpy as np
import pytest

from tests.embedder.server import DIM, VectorServer, serving, vector
from tests.embedder.towers import noise
from tests.frames import frames_of
from vidcurate.embedder.openai import OpenAI
from vidcurate.errors import ConfigError, VidcurateError
from vidcurate.registry import fingerprint


@pytest.fixture
def server() -> Iterator[VectorServer]:
    with serving() as running:
        yield running


def embedder(server: VectorServer, **settings) -> OpenAI:
    return OpenAI(**{"model": "m", "dimensions": DIM, "base_url": server.url, "retry_delay": 0.0, **settings})


def test_a_clip_is_one_message_of_its_frames_in_order(server):
    levels = (40, 120, 200)
    clip = frames_of(np.stack([np.full((32, 48, 3), level, np.uint8) for level in levels]))

    vectors = embedder(server).load("cpu")([clip])

    ((_, body),) = server.asked
    *shown, said = body["messages"][0]["content"]
    sent = [base64.b64decode(part["image_url"]["url"].removeprefix("data:image/jpeg;base64,")) for part in shown]
    images = [next(av.open(io.BytesIO(jpeg)).decode(video=0)).to_ndarray(format="rgb24") for jpeg in sent]
    expected = np.array(json.loads(vector(body))["data"][0]["embedding"])
    assert said == {"type": "text", "text": "Represent the given video."}
    assert [image.shape for image in images] == [(32, 48, 3)] * 3
    assert [image.mean() for image in images] == pytest.approx(levels, abs=3)  # JPEG
    np.testing.assert_allclose(vectors[0], expected / np.linalg.norm(expected), atol=1e-6)  # float32


def test_the_key_comes_from_the_environment(server, monkeypatch):
    monkeypatch.setenv("MY_KEY", "sesame")

    embedder(server, api_key_env="MY_KEY").load("cpu")([noise(1)])
    embedder(server, api_key_env="NOT_SET").load("cpu")([noise(1)])

    assert [headers.get("Authorization") for headers, _ in server.asked] == ["Bearer sesame", None]


@pytest.mark.parametrize(
    "trouble",
    [(500, b"sorry", {}), (429, b"", {"Retry-After": "0"}), (200, b"no json", {}), None],
    ids=["broken", "busy", "babble", "silence"],
)
def test_a_passing_trouble_is_sat_out(server, trouble):
    server.replies = [trouble, trouble]

    vectors = embedder(server, timeout=0.3).load("cpu")([noise(1)])

    assert vectors.shape == (1, DIM)
    assert len(server.asked) == 3


def test_a_trouble_that_stays_ends_it_without_telling_the_key(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sesame")
    server.replies = [(503, b"sesame is overloaded", {})] * 3

    with pytest.raises(VidcurateError, match=r"/v1/embeddings: HTTP 503: \*\*\* is overloaded \(3 tries\)"):
        embedder(server, retries=2).load("cpu")([noise(1)])


@pytest.mark.parametrize("status", [302, 400, 404])
def test_a_refusal_is_not_asked_again(server, status):
    server.replies = [(status, b"never", {"Location": server.url})]

    with pytest.raises(VidcurateError, match=rf"HTTP {status}: never"):
        embedder(server).load("cpu")([noise(1)])


def test_vectors_of_another_length_are_refused(server):
    with pytest.raises(ConfigError, match=r"embedder\.dimensions=5: m gives 8; give that"):
        embedder(server, dimensions=5).load("cpu")([noise(1)])


def test_an_answer_without_a_vector_is_no_vector(server):
    server.replies = [(200, b'{"data": []}', {})] * 2

    with pytest.raises(VidcurateError, match="not what was asked for"):
        embedder(server, retries=1).load("cpu")([noise(1)])


def test_check_wants_a_server_and_a_key_that_it_accepts(server):
    embedder(server).check()

    server.replies = [(401, b"", {})]
    with pytest.raises(ConfigError, match="answers 401: put a valid key into OPENAI_API_KEY"):
        embedder(server).check()
    with pytest.raises(ConfigError, match=r"embedder\.base_url='http://127\.0\.0\.1:9/v1': no server answers"):
        embedder(server, base_url="http://127.0.0.1:9/v1").check()


def test_where_the_server_is_changes_no_fingerprint():
    here, there = (OpenAI(model="m", dimensions=4, base_url=f"http://{host}/v1") for host in ("a", "b"))

    assert fingerprint(here) == fingerprint(there)
    assert fingerprint(here) != fingerprint(OpenAI(model="n", dimensions=4))
