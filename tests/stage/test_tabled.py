"""Samples by columns are what samples one by one are."""

from __future__ import annotations

import pickle
from dataclasses import fields

import numpy as np
import pyarrow as pa
import pytest

from tests.stage.cut import cut
from tests.stage.test_samples import captions
from vidcurate.sharder.samples import Samples
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.stage.samples import samples
from vidcurate.stage.vectors import Vectors

CAPTIONS = captions(("é", 25, "läuft"), ("é", 0, 'A "dog"\n'), ("c", 0, ""), ("gone", 0, "not ours"))
SCORES = [("é", "luma", "mean", 1e-7), ("c", "luma", "mean", 3.0), ("a", "motion", "global", float("nan"))]
SHARDER = WebDataset(resolutions=(100, 200))


@pytest.fixture(params=[False, True], ids=["plain", "embedded"])
def tabled(request) -> Samples:
    tables = cut({"b": "v1", "é": "v2", "a": "v2", "c": "v3"}, filtered="b", captions=CAPTIONS, scores=SCORES)
    vectors = (
        Vectors(ids=pa.array(["c", "é"]), matrix=np.eye(2, dtype=np.float32), digest="") if request.param else None
    )
    return samples(tables, None, SHARDER, {"v2": "val"}, vectors)


def test_columns_lengths_and_facts_are_those_of_the_samples(tabled):
    listed = Samples.of(list(tabled))

    assert [sample.key for sample in tabled] == ["a", "c", "é"]
    for name, column in tabled.columns().to_pydict().items():
        assert column == listed.columns()[name].to_pylist(), name
    for field in fields(tabled.lengths()):
        assert getattr(tabled.lengths(), field.name).tolist() == getattr(listed.lengths(), field.name).tolist()
    assert tabled.facts() == listed.facts()


def test_a_part_is_the_same_on_a_worker(tabled):
    part = tabled.take(np.array([2, 0]))
    sent = pickle.loads(pickle.dumps(part))

    assert [sample.key for sample in sent] == ["é", "a"]
    assert sent.facts() == part.facts() == [tabled.facts()[2], tabled.facts()[0]]
    assert sent[0].metadata == part[0].metadata == tabled[2].metadata
    assert [sample.key for sample in tabled[1:]] == ["c", "é"]


def test_the_bytes_of_a_part_do_not_grow_with_the_dataset():
    few, many = (samples(cut(f"{number:04d}" for number in range(count)), None, SHARDER) for count in (10, 2000))

    sent = [len(pickle.dumps(one.take(np.arange(5)))) for one in (few, many)]

    assert sent[1] < sent[0] + 2000


def test_samples_are_moved_and_put_together(tabled):
    moved = tabled.moved(np.array([2, 0, 1], np.int8))
    both = moved.take(np.array([0])).followed([moved.take(np.array([2, 1]))])

    assert [(sample.key, sample.subset, sample.metadata["subset"]) for sample in both] == [
        ("a", "test", "test"),
        ("é", "val", "val"),
        ("c", "train", "train"),
    ]
    assert both.facts() == Samples.of(list(both)).facts()
