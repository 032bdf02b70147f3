from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidcurate.stage.json_text import json_text

FLOATS = st.none() | st.floats() | st.floats(1e-5, 1e11).map(lambda number: round(number, 3))
TEXTS = st.none() | st.text() | st.text('ab "\\é\n')
INNER = pa.struct([("z", pa.float64()), ("a b", pa.large_string()), ("Ä", pa.bool_())])
KIND = pa.struct(
    [("text", pa.string()), ("number", pa.float64()), ("count", pa.int32()), ("lists", pa.list_(INNER)), ("one", INNER)]
)
INNERS = st.none() | st.fixed_dictionaries({"z": FLOATS, "a b": TEXTS, "Ä": st.none() | st.booleans()})
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": TEXTS,
            "number": FLOATS,
            "count": st.none() | st.integers(-(2**31), 2**31 - 1),
            "lists": st.none() | st.lists(INNERS, max_size=3),
            "one": INNERS,
        }
    ),
    max_size=8,
)


@settings(max_examples=50, deadline=None)
@given(ROWS, st.booleans(), st.integers(0, 3))
def test_every_value_has_the_text_that_json_gives_it(rows, ascii, start):
    column = pa.array(rows, KIND)[start:]

    texts = json_text(column, ascii=ascii).to_pylist()

    assert texts == [json.dumps(row, sort_keys=True, ensure_ascii=ascii) for row in column.to_pylist()]


@pytest.mark.parametrize("number", [0.0, -0.0, 1e-5, 0.0001, 9999999999.5, 1e10, 1e16, 5e-324, float("nan"), -1e308])
def test_numbers_that_arrow_writes_in_another_way_are_written_as_json_has_them(number):
    assert json_text(pa.array([number])).to_pylist() == [json.dumps(number)]


def test_dictionaries_and_structs_without_fields_have_texts_too():
    coded = pa.DictionaryArray.from_arrays(pa.array([1, None, 0, 1]), pa.array(["a", "é"]))

    assert json_text(coded).to_pylist() == ['"é"', "null", '"a"', '"é"']
    assert json_text(pa.array([{}, {}], pa.struct([]))).to_pylist() == ["{}", "{}"]
