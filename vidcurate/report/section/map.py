"""The embeddings as a map: the two directions in which clips differ most, so that what looks alike lies together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from vidcurate.report.context import Context, Section
from vidcurate.report.packing import packed
from vidcurate.report.sample import Sample, sample
from vidcurate.stage.settle import FOLDER as TABLES
from vidcurate.stage.settle import clips_store
from vidcurate.store.commit import committed
from vidcurate.store.files import Store

AT_ONCE = 32
"""Files of vectors that are read together from an object store."""
ROUNDS, SPARE = 6, 8
"""Rounds of subspace iteration, and directions that are followed beside the two wanted."""


def section(context: Context) -> Section | None:
    """The section; None where no clip has a vector."""
    folder = committed(context.store, TABLES).get("embeddings")
    if not folder or not context.dataset.clips.num_rows:
        return None
    drawn = sample(context.dataset)
    vectors = _vectors(clips_store(context.store), folder, drawn)
    ids = [name for name in drawn.clips["clip_id"].to_pylist() if name in vectors]
    if not ids:
        return None
    places, share = projected(np.stack([vectors[name] for name in ids]))
    scale = float(np.abs(places).max()) or 1.0
    places = np.round(places / scale, 4).astype(np.float32)
    return Section(
        name="map",
        title="Map",
        heading="Map of embeddings",
        facts={
            "clips": len(ids),
            "without": drawn.clips.num_rows - len(ids),
            "sample": drawn,
            "share": share,
            "embedder": folder.removesuffix("_embd_parquet"),
        },
        data={
            "rows": packed(np.array(context.clips.seek_all(ids), np.int32)),
            "x": packed(places[:, 0]),
            "y": packed(places[:, 1]),
        },
    )


def projected(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Principal components, by randomised subspace iteration from a fixed seed.

    Args:
        vectors: float [n, dim].

    Returns:
        float [n, 2], and the share of the variance that either direction explains, 0 to 1. The sign of a direction is
        such that its largest entry is positive, so that equal vectors give equal maps.

    Source: Halko, Martinsson, Tropp 2011, "Finding structure with randomness", arXiv:0909.4061, algorithm 4.4.
    """
    norms = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    centred = np.asarray(vectors / norms, np.float64)
    centred -= centred.mean(axis=0)
    total = float(np.square(centred).sum())
    if total < 1e-12:  # all alike
        return np.zeros((len(vectors), 2)), (0.0, 0.0)
    width = min(2 + SPARE, *centred.shape)
    basis = np.linalg.qr(centred @ np.random.default_rng(0).standard_normal((centred.shape[1], width)))[0]
    for _ in range(ROUNDS):
        basis = np.linalg.qr(centred @ np.linalg.qr(centred.T @ basis)[0])[0]
    _, lengths, axes = np.linalg.svd(basis.T @ centred, full_matrices=False)
    axes, lengths = axes[:2], lengths[:2]
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    places = np.zeros((len(vectors), 2))
    places[:, : len(axes)] = centred @ axes.T
    share = np.zeros(2)
    share[: len(axes)] = np.square(lengths) / total
    return places, (float(share[0]), float(share[1]))


def _vectors(store: Store, folder: str, drawn: Sample) -> dict[str, NDArray[np.float32]]:
    """The vectors of the sample's videos, by clip; one that is not finite or not as long as the first is left out."""

    def read(video: str) -> dict[str, NDArray[np.float32]]:
        try:
            table = store.read_table(f"{folder}/{video}.parquet", ["id", "embedding"])
        except FileNotFoundError:
            return {}
        rows = zip(table["id"].to_pylist(), table["embedding"].combine_chunks(), strict=True)
        vectors = {name: np.asarray(row.values, np.float32) for name, row in rows if row.is_valid}
        return {name: vector for name, vector in vectors.items() if np.isfinite(vector).all()}

    with ThreadPoolExecutor(1 if store.is_local else AT_ONCE) as pool:
        found = {name: vector for part in pool.map(read, drawn.videos) for name, vector in part.items()}
    length = len(next(iter(found.values()))) if found else 0
    return {name: vector for name, vector in found.items() if len(vector) == length}
