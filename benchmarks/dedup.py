"""What neighbour searches cost beside others that answer the same question, and whether their answers are the same.

    python benchmarks/dedup.py [FOLDER] [--rows N ...] [--repeats R] [--floors F ...] [--million]

Costs are CPU-seconds of the whole process, taken in turn (A B C A B C), of which the median counts; all run on one
thread, for threads that wait by spinning would be charged for it, and cores may share what multiplies. Vectors:
`synthetic`, 512 numbers, topics by Zipf with families of near copies (cosine .90-.999); and `clips`, those of FOLDER by
`efficientnet_lite`, or those in FOLDER if that is a .npy, tiled with noise of several sizes. Peers: faiss.knn; semhash,
where it is installed, on the same vectors; and what SemDeDup (arXiv:2303.09540, section 3) and NeMo Curator do within a
cluster, written anew: the whole matrix, its upper triangle, the maximum of each column; and the same by 1024 columns.
"Half the products" are those of each row with earlier ones in float32 and nothing else: a search that looks at all of
them cannot cost less where the processor has no faster numbers (AVX512_BF16, VNNI, AMX). `--million` compares 1,000,000
x 512, within clusters of 1,000 in full and all with all over some strips, and prints the memory it took.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from benchmarks.findings import Findings, add_json
from vidcurate.cluster.base import Clusters
from vidcurate.model.device import inference
from vidcurate.neighbours import filters
from vidcurate.neighbours.clustered import Clustered
from vidcurate.neighbours.exact import Exact, prepared
from vidcurate.neighbours.graph import Graph
from vidcurate.neighbours.locality import beside
from vidcurate.neighbours.tiles import compare

EPSILONS = (0.01, 0.05, 0.1, 0.3)
Vectors = NDArray[np.float32]
BOUND = "half the products"


def unit(rows: NDArray[np.floating]) -> Vectors:
    """Rows of length 1."""
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def synthetic(count: int, dim: int = 512, topics: int = 400) -> Vectors:
    """Rows about topics whose sizes follow Zipf's law; a quarter are near copies of some others."""
    rng = np.random.default_rng(0)
    shares = 1 / np.arange(1, topics + 1)
    middles = unit(rng.normal(size=(topics, dim)))
    rows = unit(
        middles[rng.choice(topics, count, p=shares / shares.sum())]
        + rng.normal(0, 1 / np.sqrt(dim), (count, dim)).astype(np.float32)
    )
    copies = rng.permutation(count)[: count // 4]
    heads = rows[rng.choice(count, max(1, count // 12))]
    heads = heads[rng.integers(0, len(heads), len(copies))]
    cosine = rng.uniform(0.9, 0.999, (len(copies), 1)).astype(np.float32)
    aside = rng.normal(size=heads.shape).astype(np.float32)
    aside = unit(aside - (aside * heads).sum(axis=1, keepdims=True) * heads)
    rows[copies] = unit(cosine * heads + np.sqrt(1 - cosine**2) * aside)
    return rows


def tiled(clips: Vectors, count: int) -> Vectors:
    """Real vectors, each many times over, with noise of several sizes.

    Noise along the differences of clips makes other content of the same kind; noise in any direction, of .05 to .3 of
    the length, makes copies of it and what no clip has in common.
    """
    rng = np.random.default_rng(0)
    size = rng.choice([0.5, 1, 2], (count, 1)).astype(np.float32)
    along = rng.normal(0, 1 / np.sqrt(len(clips)), (count, len(clips))).astype(np.float32)
    rows = unit(clips[rng.integers(0, len(clips), count)] + size * (along @ (clips - clips.mean(axis=0))))
    copies = rng.permutation(count)[: count // 4]
    rows[copies] = rows[rng.integers(0, count, len(copies))]
    aside = rng.normal(0, 1 / np.sqrt(clips.shape[1]), rows.shape).astype(np.float32)
    return unit(rows + rng.choice([0.05, 0.1, 0.2, 0.3], (count, 1)).astype(np.float32) * aside)


def embedded(folder: Path) -> Vectors:
    """The clips of a folder, or the vectors in a file of NumPy's."""
    if folder.is_file():
        return unit(np.load(folder))
    from vidcurate.embedder.efficientnet_lite import EfficientNetLite
    from vidcurate.registry import loaded
    from vidcurate.video.reread import reread

    embedder = EfficientNetLite()
    clips = [reread(str(path), [embedder.sampling])[embedder.sampling] for path in sorted(folder.glob("*.mp4"))]
    return unit(np.concatenate([loaded(embedder, "cpu")([clip]) for clip in clips]))


def full_matrix(rows: Vectors) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """SemDeDup within a cluster: of each row the highest cosine to an earlier one, and which that is."""
    import torch

    matrix = torch.from_numpy(rows)
    highest, index = torch.triu(matrix @ matrix.T, diagonal=1).max(dim=0)
    return highest.numpy(), index.numpy()


def by_columns(rows: Vectors, batch: int = 1024) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The same, `batch` columns at a time, as NeMo Curator does."""
    import torch

    matrix = torch.from_numpy(rows)
    parts = [
        torch.triu(matrix @ matrix[start : start + batch].T, diagonal=1 - start).max(dim=0)
        for start in range(0, len(rows), batch)
    ]
    return np.concatenate([part[0].numpy() for part in parts]), np.concatenate([part[1].numpy() for part in parts])


def products(rows: Vectors, strip: int = 128) -> None:
    """The product of each row with all before it, in float32, and nothing else."""
    import torch

    matrix = torch.from_numpy(rows)
    for top in range(0, len(rows), strip):
        matrix[top : top + strip] @ matrix[: top + strip].T


def knn(rows: Vectors) -> None:
    """The two nearest of each row, the first of which is the row itself."""
    import faiss

    faiss.omp_set_num_threads(1)
    faiss.knn(rows, rows, 2, metric=faiss.METRIC_INNER_PRODUCT)


def semhash(rows: Vectors, threshold: float) -> int:
    """Rows that semhash would drop."""
    from semhash import SemHash

    class Given:  # the model that semhash asks; vectors are there already
        def encode(self, inputs: Any, **_: Any) -> Vectors:
            return rows[[int(name) for name in inputs]]

    hashed = SemHash.from_embeddings(rows, [str(row) for row in range(len(rows))], Given())
    return len(hashed.self_deduplicate(threshold=threshold).filtered)


def best_earlier(rows: Vectors) -> NDArray[np.float32]:
    """Float32 [n]: of each row the highest product with an earlier one in float32; -1 for the first."""
    import torch

    matrix, found = torch.from_numpy(rows), np.full(len(rows), -1, np.float32)
    for top in range(0, len(rows), 512):
        strip = matrix[top : top + 512] @ matrix[: top + 512].T
        found[top : top + 512] = strip.tril_(top - 1).masked_fill_(strip == 0, -1).amax(dim=1).numpy()
    return found


def differing(found: NDArray[np.float32], wanted: NDArray[np.float32]) -> list[int]:
    """At each epsilon, rows that are dropped by the one and kept by the other."""
    return [int(np.sum((found > np.float32(1 - eps)) != (wanted > np.float32(1 - eps)))) for eps in EPSILONS]


def costs(methods: dict[str, Callable[[], object]], repeats: int) -> tuple[dict[str, float], dict[str, object]]:
    """Median CPU-seconds of each, taken in turn, and what each gave last."""
    taken: dict[str, list[float]] = {name: [] for name in methods}
    given: dict[str, object] = {}
    for _ in range(repeats):
        for name, method in methods.items():
            start = time.process_time()
            given[name] = method()
            taken[name].append(time.process_time() - start)
    return {name: statistics.median(times) for name, times in taken.items()}, given


def show(findings: Findings, title: str, taken: dict[str, float], notes: dict[str, str]) -> None:
    """A table of costs, in CPU-seconds and as multiples of the first row's."""
    table = Table("method", "CPU-s", "x less than", "answers", title=title)
    peers = [name for name in taken if not name.startswith("vidcurate")]
    for name, cost in taken.items():
        ratios = ", ".join(f"{peer} {taken[peer] / cost:.1f}" for peer in peers if peer != name)
        table.add_row(name, f"{cost:.2f}", ratios if name not in peers else "", notes.get(name, ""))
    findings.table(table)
    for name in taken.keys() - set(peers):
        for peer in peers:
            findings.figure(f"{title}: {peer} of {name}", taken[peer] / taken[name])


def everything(findings: Findings, name: str, rows: Vectors, floors: list[float], repeats: int) -> None:
    """All with all."""
    whole, ranks = Clusters(labels=np.zeros(len(rows), np.int32), centroids=rows[:1]), np.arange(len(rows))
    methods: dict[str, Callable[[], object]] = {"faiss.knn": lambda: knn(rows), BOUND: lambda: products(rows)}
    try:
        import semhash as _  # noqa: F401  # only whether it is there
        import usearch as _u  # noqa: F401

        methods["semhash .9"] = lambda: semhash(rows, 0.9)
    except ImportError:
        pass
    for floor in floors:
        for kind in ("auto", "fp32"):
            search = Exact(floor=floor, filter=kind).load("cpu")  # type: ignore[arg-type]  # one of its names
            methods[f"vidcurate {floor} {kind}"] = lambda search=search: search(rows, whole, ranks)  # type: ignore[misc]
    taken, given = costs(methods, repeats)
    wanted, notes = best_earlier(rows), {}
    title = f"all with all: {name}, {len(rows)} x {rows.shape[1]}"
    for method, answer in given.items():
        if isinstance(answer, Graph):
            known = wanted if answer.floor < 0.71 else np.where(wanted >= np.float32(answer.floor), wanted, 0)
            differ = differing(answer.nearest.similarity, known)
            notes[method] = f"{len(answer.first)} pairs; decisions that differ: {differ}"
            findings.figure(f"{title}: decisions that differ, {method}", sum(differ))
        elif isinstance(answer, int):
            notes[method] = f"drops {answer}, fp32 {int(np.sum(wanted >= 0.9))}"
    show(findings, title, taken, notes)


def within(findings: Findings, name: str, rows: Vectors, size: int, floors: list[float], repeats: int) -> None:
    """Within clusters of one size, of rows that are near each other."""
    with inference():
        order = beside(rows, filters.axes(rows))
    labels = np.empty(len(rows), np.int64)
    labels[order] = np.arange(len(rows)) // size
    clusters, ranks = Clusters.of(rows, labels), np.arange(len(rows))
    groups = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]

    def bound() -> None:
        with inference():
            for group in groups:
                products(rows[group])

    def peer(one: Callable[[Vectors], tuple[NDArray[np.float32], NDArray[np.int64]]]) -> NDArray[np.float32]:
        found = np.zeros(len(rows), np.float32)
        with inference():
            for group in groups:
                found[group] = one(rows[group])[0]
        return found

    methods: dict[str, Callable[[], object]] = {"SemDeDup": lambda: peer(full_matrix), "NeMo": lambda: peer(by_columns)}
    methods[BOUND] = bound
    for floor in floors:
        search = Clustered(floor=floor).load("cpu")
        methods[f"vidcurate {floor}"] = lambda search=search: search(rows, clusters, ranks)  # type: ignore[misc]
    taken, given = costs(methods, repeats)
    notes = {}
    for method, answer in given.items():
        if isinstance(answer, Graph):
            theirs = given["SemDeDup"]
            assert isinstance(theirs, np.ndarray)
            apart = float(np.abs(np.maximum(answer.nearest.similarity, 0) - theirs).max())  # theirs end at 0
            notes[method] = (
                f"{len(answer.first)} pairs; differ: {differing(answer.nearest.similarity, theirs)}, by {apart:.0e}"
            )
    show(findings, f"within clusters of {size}: {name}, {len(rows)} x {rows.shape[1]}", taken, notes)


def million(findings: Findings, count: int, dim: int = 512, strips: int = 6) -> None:
    """Memory of large searches, in a process that does nothing else."""
    rng = np.random.default_rng(0)
    rows = np.empty((count, dim), np.float32)
    middles = unit(rng.normal(size=(max(1, count // 1000), dim)))
    labels = rng.integers(0, len(middles), count)
    for at in range(0, count, 10_000):
        part = slice(at, at + 10_000)
        noise = rng.standard_normal((len(labels[part]), dim), np.float32) / np.sqrt(dim)
        rows[part] = unit(middles[labels[part]] + noise.astype(np.float32))
        rows[at + 1 : at + 10_000 : 4] = rows[at : at + 9_999 : 4]
        labels[at + 1 : at + 10_000 : 4] = labels[at : at + 9_999 : 4]
    clusters = Clusters(labels=np.unique(labels, return_inverse=True)[1].astype(np.int32), centroids=middles)
    ranks = rng.permutation(count)
    for name, search in {
        "clustered, in full": lambda: Clustered().load("cpu")(rows, clusters, ranks),
        f"exact, {strips} strips": lambda: _strips(rows, ranks, strips),
    }.items():
        start = time.process_time()
        pairs = len(search().first)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        findings.line(f"{name}: {pairs} pairs, {time.process_time() - start:.0f} CPU-s, peak so far {peak:.2f} GiB")
        findings.figure(f"GiB, {name}", peak)


def _strips(rows: Vectors, ranks: NDArray[np.int64], strips: int) -> Graph:
    from vidcurate.neighbours.best import nobody

    with inference():
        task, ordered, tops = prepared(rows, ranks, Exact(), "cpu")
        with ordered.filter.products():
            for place in np.linspace(0, len(tops) - 1, strips).astype(int):
                compare(task, ordered, tops[place : place + 1])
        return task.pairs.graph(nobody(len(rows)), ranks)


def main() -> None:
    """Print the tables."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    corpus = os.environ.get("VIDCURATE_CORPUS")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(corpus, "dups") if corpus else None)
    parser.add_argument("--rows", nargs="+", type=int, default=[20_000, 50_000], metavar="N")
    parser.add_argument("--floors", nargs="+", type=float, default=[0.7, 0.9], metavar="F")
    parser.add_argument("--sizes", nargs="+", type=int, default=[300, 2500], metavar="S", help="of clusters")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--million", nargs="?", type=int, const=1_000_000, metavar="N")
    add_json(parser)
    arguments = parser.parse_args()
    findings = Findings(arguments.json, width=150)
    if arguments.million:
        million(findings, arguments.million)
        return
    torch.set_num_threads(1)
    clips = embedded(arguments.folder) if arguments.folder else None
    for count in arguments.rows:
        for name, rows in {
            "synthetic": synthetic(count),
            "clips": None if clips is None else tiled(clips, count),
        }.items():
            if rows is None:
                continue
            everything(findings, name, rows, arguments.floors, arguments.repeats)
            for size in arguments.sizes:
                within(findings, name, rows, size, arguments.floors, arguments.repeats)


if __name__ == "__main__":
    main()
