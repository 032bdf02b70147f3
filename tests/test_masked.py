"""Credentials in a URL of an input: no file of the dataset and no line of the log holds them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer

import pyarrow.parquet as pq
import pytest

from tests.media import write_video
from tests.source.test_web import Quiet
from vidcurate import Recipe, curate
from vidcurate.cluster.single import Single
from vidcurate.dedup.leader import Leader
from vidcurate.embedder.histogram import Histogram
from vidcurate.errors import TooManyFailures
from vidcurate.preview.none import NoPreview
from vidcurate.source.list import ListFile
from vidcurate.splitter.fixed import Fixed
from vidcurate.stage.card import made_with

SECRETS = ("hunter2", "t0ken-of-mine", "s1gnature")
QUERIES = (
    "http://me:hunter2@{}/a.mp4?token=t0ken-of-mine",
    "http://{}/b.mp4?X-Amz-Signature=s1gnature&X-Amz-Credential=hunter2",
)
RECIPE = Recipe(
    splitter=Fixed(length=0.4, min_length=0.2), filter=(), embedder=Histogram(), cluster=Single(), preview=NoPreview()
)


@pytest.fixture
def urls(tmp_path) -> Iterator[list[str]]:
    """Of files that a web server does not have."""
    (tmp_path / "served").mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "served"))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield [query.format(f"127.0.0.1:{server.server_port}") for query in QUERIES]
        server.shutdown()


def test_credentials_of_an_input_are_nowhere_in_the_dataset_nor_in_the_log(tmp_path, caplog, urls):
    caplog.set_level(logging.INFO)
    out, metrics = tmp_path / "out", tmp_path / "metrics.prom"
    write_video(tmp_path / "a.mp4", (10,), size=(160, 96))
    (tmp_path / "list.txt").write_text("\n".join(["a.mp4", *urls]), encoding="utf-8")
    source = ListFile(path=str(tmp_path / "list.txt"))
    config = RECIPE.config() | {"source": {"path": urls[0]}, "against": urls}

    with pytest.raises(TooManyFailures) as caught:
        curate(RECIPE, source=source, out=str(out), metrics=str(metrics), config=config)
    curate(RECIPE, out=str(out), steps=["review"], config=config)

    texts = [caplog.text, str(caught.value), metrics.read_text(encoding="utf-8")]
    files = [path for path in out.rglob("*") if path.is_file()]
    texts += [path.read_bytes().decode("utf-8", "replace") for path in files]
    texts += [str(pq.read_table(path).to_pydict()) for path in files if path.suffix == ".parquet"]
    assert sum("***" in text for text in texts) > 3
    assert not [secret for secret in SECRETS for text in texts if secret in text]


def test_a_card_masks_what_the_config_of_a_component_says():
    recipe = Recipe(dedup=Leader(review="http://me:hunter2@127.0.0.1:9/review.csv"))

    assert "hunter2" not in str(made_with(recipe))
