from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from vidcurate.errors import ConfigError
from vidcurate.neighbours.graph import Graph, Nearest
from vidcurate.stage.labels import find_labels, match, read_labels
from vidcurate.store.files import Store

IDS = pa.array(["a", "b", "c", "d"])
GRAPH = Graph(
    nearest=Nearest(index=np.arange(4), similarity=np.zeros(4, np.float32)),
    first=np.array([3, 0, 1]), second=np.array([0, 2, 3]), similarity=np.float32([0.99, 0.9, 0.8]), floor=0.7,
)  # fmt: skip


def read(tmp_path, text: str, name="labels.csv") -> dict:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_labels(str(path))


def test_a_csv_is_read_in_any_order_of_columns_and_of_ids(tmp_path):
    text = 'label,other_id,id,time\nsame,a,"b, or not",now\nd,c,a,\nUnsure,d,c,\n'

    assert read(tmp_path, text) == {("a", "b, or not"): "same", ("a", "c"): "different", ("c", "d"): "unsure"}


def test_the_mark_that_a_spreadsheet_puts_first_is_ignored(tmp_path):
    assert read(tmp_path, "\ufeffid,other_id,label\r\na,b,s\r\n") == {("a", "b"): "same"}


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"labels": rows}])
def test_json_says_the_same(tmp_path, wrap):
    rows = [{"id": "b", "other_id": "a", "label": "same", "similarity": 0.9}]

    assert read(tmp_path, json.dumps(wrap(rows)), "labels.json") == {("a", "b"): "same"}


def test_the_last_word_on_a_pair_counts(tmp_path):
    assert read(tmp_path, "id,other_id,label\na,b,same\nb,a,different\n") == {("a", "b"): "different"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,other_id,label\na,b,maybe\n", r"entry 1: label 'maybe'; expected same, different, unsure"),
        ("id,other_id,label\na,b, \n", r"entry 1: label ''"),
        ("id,other_id,label\na,b,same\na,c\n", r"entry 2 lacks id, other_id or label"),
        ("id,label\na,same\n", r"entry 1 lacks id, other_id or label"),
        ("[1]", r"entry 1 lacks"),
        ("{", r"cannot be read"),
    ],
)
def test_what_is_not_understood_is_said(tmp_path, text, said):
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ConfigError, match=r"advise\.labels='.*gone\.csv': cannot be read"):
        read_labels(str(tmp_path / "gone.csv"))


def test_labels_are_looked_for_in_the_dataset(tmp_path):
    store = Store(str(tmp_path))
    assert find_labels(store, None) is None

    store.write("semantic/labels.json", b"[]")
    assert find_labels(store, None) == str(tmp_path / "semantic/labels.json")

    store.write("semantic/labels.csv", b"")
    assert find_labels(store, None) == str(tmp_path / "semantic/labels.csv")
    assert find_labels(store, "other.csv") == "other.csv"


def test_labels_find_their_pairs_in_either_order():
    assert match("x", {("a", "d"): "same", ("b", "d"): "unsure"}, IDS, GRAPH) == {0: "same", 2: "unsure"}
    assert match("x", {}, IDS, GRAPH) == {}


def test_labels_of_another_dataset_are_refused_with_counts():
    labels = {("a", "d"): "same", ("a", "b"): "same", ("c", "d"): "same", ("a", "z"): "same"}

    with pytest.raises(ConfigError) as caught:
        match("labels.csv", labels, IDS, GRAPH)

    said = str(caught.value)
    assert "advise.labels='labels.csv': 3 of 4 labels are of no pair of this dataset" in said
    assert "1 name a clip that it does not have, 2 a pair less similar than 0.7" in said
    assert "the first is a and b" in said


def test_a_dataset_without_pairs_refuses_every_label():
    nothing = np.empty(0, np.int64)
    bare = Graph(nearest=GRAPH.nearest, first=nothing, second=nothing, similarity=np.empty(0, np.float32), floor=0.7)

    with pytest.raises(ConfigError, match="1 of 1 labels"):
        match("x", {("a", "d"): "same"}, IDS, bare)
