"""Labels of pairs: what a person has said of them, as the page saves it or as any tool writes it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.errors import ConfigError
from vidcurate.neighbours.graph import Graph
from vidcurate.store.files import Store
from vidcurate.store.reach import located

FILES = ("semantic/labels.csv", "semantic/labels.json")
"""Where labels are looked for in a dataset."""

WORDS = {"s": "same", "d": "different", "u": "unsure"}
"""What a label may be, by its first letter, which will do."""

Pair = tuple[str, str]
"""Ids of two clips, the smaller one first."""


def find_labels(store: Store, place: str | None) -> str | None:
    """Path or URL of the labels: the one that is given, else one that lies in the dataset, else None."""
    return place or next((store.place(key) for key in FILES if store.exists(key)), None)


def read_labels(place: str) -> dict[Pair, str]:
    """Labels by pair; where a pair is named more than once, in either order, the last one counts.

    Args:
        place: path or URL of CSV with the columns `id`, `other_id`, `label`, or of a JSON list of such objects.

    Returns:
        `same`, `different` or `unsure` by pair.

    Raises:
        ConfigError: it cannot be read, or not understood.
    """
    try:
        fs, path = located(place)
        rows = list(_rows(fs.cat_file(path).decode("utf-8-sig")))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ConfigError([f"advise.labels={place!r}: cannot be read: {error}"]) from error
    found: dict[Pair, str] = {}
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping) or not all(row.get(name) for name in ("id", "other_id", "label")):
            raise ConfigError([f"advise.labels={place!r}: entry {number} lacks id, other_id or label: {row!r}"])
        label = str(row["label"]).strip().lower()
        word = WORDS.get(label[:1], "")
        if not word or label not in {word, word[:1]}:
            raise ConfigError([f"advise.labels={place!r}: entry {number}: label {label!r}; expected {_words()}"])
        one, other = sorted((str(row["id"]), str(row["other_id"])))
        found[one, other] = word
    return found


def match(place: str, labels: Mapping[Pair, str], ids: pa.Array, graph: Graph) -> dict[int, str]:
    """Labels by row of their pair.

    Args:
        place: where they come from, for messages.
        labels: by pair of ids.
        ids: of the clips that were compared.
        graph: their similar pairs.

    Raises:
        ConfigError: some are of no pair of this dataset.
    """
    names = sorted(labels)
    left, right = (_indices([name[side] for name in names], ids) for side in (0, 1))
    known = (left >= 0) & (right >= 0)
    keys, wanted = _keys(graph.first, graph.second, len(ids)), _keys(left, right, len(ids))
    order = np.argsort(keys)
    rows = np.append(order, -1)[np.searchsorted(keys, wanted, sorter=order)]
    found = known & (rows >= 0) & (np.append(keys, -1)[rows] == wanted)
    if not found.all():
        first = names[int(np.flatnonzero(~found)[0])]
        raise ConfigError(
            [
                f"advise.labels={place!r}: {(~found).sum()} of {len(names)} labels are of no pair of this dataset: "
                f"{(~known).sum()} name a clip that it does not have, {(known & ~found).sum()} a pair less similar "
                f"than {graph.floor:.4g}, of copies, or out of dedup.scope; the first is {' and '.join(first)}"
            ]
        )
    return dict(zip(rows.tolist(), (labels[name] for name in names), strict=True))


def _indices(names: list[str], ids: pa.Array) -> NDArray[np.int64]:
    found = pc.index_in(pa.array(names, pa.string()), value_set=ids)
    return np.asarray(pc.fill_null(found, -1).to_numpy()).astype(np.int64)


def _keys(left: NDArray[np.int64], right: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """One number per pair, whatever its order."""
    return np.minimum(left, right) * n + np.maximum(left, right)


def _rows(text: str) -> Iterable[Any]:
    if text.lstrip()[:1] in {"[", "{"}:
        rows = json.loads(text)
        return list(rows.get("labels", ())) if isinstance(rows, dict) else list(rows)
    return csv.DictReader(io.StringIO(text))


def _words() -> str:
    return ", ".join(WORDS.values())
