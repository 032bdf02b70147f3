"""JSON of the values of a column, as `json.dumps(value, sort_keys=True)` writes each, without an object for each."""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring, encode_basestring_ascii

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Encode = Callable[[str], str]
ESCAPED = np.ones(256, np.bool_)
"""Bytes that a text in JSON may hold only in another way; those beyond ASCII among them."""
ESCAPED[32:127] = False
ESCAPED[list(b'"\\')] = True


def json_text(values: pa.Array, *, ascii: bool = False) -> pa.Array:
    """JSON of each value.

    Args:
        values: n values of text, numbers or truth values, of dictionaries, lists or structs of these, or of none.
        ascii: whether characters beyond ASCII are escaped.

    Returns:
        n strings, none of them null.
    """
    return _text(values, encode_basestring_ascii if ascii else encode_basestring)


def _text(values: pa.Array, encode: Encode) -> pa.Array:
    kind = values.type
    if pa.types.is_dictionary(kind):
        return pc.fill_null(_text(values.dictionary, encode).take(values.indices), "null")
    if pa.types.is_struct(kind):
        return _present(values, _struct(values, encode))
    if pa.types.is_list(kind):
        return _present(values, _list(values, encode))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _present(values, _string(values.cast(pa.string()), encode))
    if pa.types.is_floating(kind):
        return _present(values, _float(values.cast(pa.float64()).fill_null(0)))
    return pc.fill_null(values.cast(pa.string()), "null")


def _present(values: pa.Array, texts: pa.Array) -> pa.Array:
    return pc.if_else(values.is_null(), "null", texts) if values.null_count else texts


def _float(values: pa.Array) -> pa.Array:
    """The digits are those of Arrow, the shortest that tell a number; small and large ones it writes in another way."""
    numbers = values.to_numpy()
    size = np.abs(numbers)
    alike = (numbers == 0) | ((size >= 1e-4) & (size < 1e10))
    whole = pa.array(alike & (np.trunc(numbers) == numbers))
    texts = pc.binary_join_element_wise(values.cast(pa.string()), pc.if_else(whole, ".0", ""), "")
    others = pa.array([json.dumps(number) for number in numbers[~alike].tolist()], pa.string())
    return pc.replace_with_mask(texts, pa.array(~alike), others)


def _string(values: pa.Array, encode: Encode) -> pa.Array:
    _, bounds, content = values.buffers()
    if content is not None and len(values):
        ends = np.frombuffer(bounds, np.int32)[values.offset :]
        held = np.frombuffer(content, np.uint8)[ends[0] : ends[len(values)]]
        if ESCAPED[held].any():
            return pa.array([encode(value or "") for value in values.to_pylist()], pa.string())
    return pc.binary_join_element_wise('"', values.fill_null(""), '"', "")


def _struct(values: pa.Array, encode: Encode) -> pa.Array:
    inner = dict(zip((field.name for field in values.type), values.flatten(), strict=True))
    words, before = list[object](), "{"
    for name in sorted(inner):
        words += [f"{before}{encode(name)}: ", _text(inner[name], encode)]
        before = ", "
    if not words:
        return pa.repeat("{}", len(values))
    return pc.binary_join_element_wise(*words, "}", "")


def _list(values: pa.Array, encode: Encode) -> pa.Array:
    counts = values.value_lengths().fill_null(0).to_numpy()
    ends = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    joined = pc.binary_join(pa.ListArray.from_arrays(ends, _text(values.flatten(), encode)), ", ")
    return pc.binary_join_element_wise("[", joined, "]", "")
