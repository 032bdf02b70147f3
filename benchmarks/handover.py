"""What of dedup and shard grows with the clips alone, without videos: vectors read, decisions made, shards planned.

    python -m benchmarks.handover [--clips 1000000] [--dim 8] [--folder DIR]

Prints CPU and memory of each part. Nothing is compared and no media are packed: those grow with other things, see
`benchmarks/dedup.py` and `benchmarks/shard.py`. A vector takes 4 x dim bytes of memory, whatever is done with it.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.findings import Findings, add_json
from benchmarks.synthetic import recipe, tables, write_vectors
from vidcurate.dedup.leader import Leader
from vidcurate.neighbours.graph import Graph, Nearest
from vidcurate.sharder.plan import plan
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.stage.decide import decide
from vidcurate.stage.drops import drops_of
from vidcurate.stage.neighbours import Compared
from vidcurate.stage.samples import is_kept, samples
from vidcurate.stage.settle import SCHEMAS, Tables
from vidcurate.stage.shard import all_made_from
from vidcurate.stage.subsets import subsets
from vidcurate.stage.vectors import Vectors, load_vectors
from vidcurate.store.files import Store
from vidcurate.table import ORDER

PER_VIDEO = 20
"""Clips of a video."""
EVERY = 10
"""One clip of so many is a duplicate of the one before it."""
Mark = Callable[[str], None]


def decided(store: Store, vectors: Vectors, mark: Mark = lambda part: None) -> dict[str, int]:
    """Decide about clips by pairs as a comparison leaves them, and write the decisions.

    Returns:
        Number of `clips`, of `pairs` and of clips `kept`.
    """
    count = len(vectors.ids)
    rows = np.arange(count)
    second = rows[EVERY - 1 :: EVERY]
    similarity = np.full(count, 0.5, np.float32)
    similarity[second] = 0.999
    graph = Graph(
        nearest=Nearest(index=np.maximum(rows - 1, 0), similarity=similarity),
        first=second - 1,
        second=second,
        similarity=similarity[second],
        floor=0.9,
    )
    order = pa.table([vectors.ids, rows, pa.nulls(count), rows, pa.repeat("", count)], schema=ORDER)
    mark("pairs")
    decisions = decide(store, Compared(ids=vectors.ids, order=order, graph=graph, made_from=vectors.digest), Leader())
    mark("decisions")
    return {"clips": decisions.total, "pairs": len(second), "kept": decisions.kept}


def planned(known: Tables, decisions: pa.Table, mark: Mark = lambda part: None) -> dict[str, int]:
    """Plan the shards of a dataset, as `pack` does before it writes.

    Returns:
        Number of `clips`, of `shards`, of `samples` in them and of clips that are `dropped`.
    """
    sharder = WebDataset(val=0.01, test=0.01)
    kept = known.clips["clip_id"].filter(is_kept(known.clips, decisions))
    mark("decisions applied")
    sides = subsets(known.clips, decisions, kept, sharder.val, sharder.test, 0)
    mark("train, val and test")
    chosen = samples(known, decisions, sharder, sides)
    mark("samples")
    parts = plan(chosen, sharder, 0)
    mark("plan")
    all_made_from(parts, sharder, "cut")
    mark("fingerprints")
    drops = drops_of(known, decisions, kept.combine_chunks())
    mark("drops")
    return {"clips": known.clips.num_rows, "shards": len(parts), "samples": len(chosen), "dropped": drops.num_rows}


def in_memory(clips: int) -> tuple[Tables, pa.Table]:
    """What is known of so many clips, and DECISIONS about them."""
    parts = list(tables(clips // PER_VIDEO, PER_VIDEO))
    found = {name: pa.concat_tables(part[name] for part in parts) for name in SCHEMAS.keys() & parts[0].keys()}
    del found["hashes"]
    known = Tables(**{name: schema.empty_table() for name, schema in SCHEMAS.items()} | found)
    return known, pa.concat_tables(part["decisions"] for part in parts)


def main() -> None:
    """Print what each part takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=8)
    parser.add_argument("--folder", type=Path, help="of temporary files")
    add_json(parser)
    given = parser.parse_args()
    findings, last = Findings(given.json), time.process_time()

    def mark(part: str) -> None:
        nonlocal last
        pa.default_memory_pool().release_unused()
        now, peak = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        each = (now - last) / given.clips * 1e6
        findings.line(f"{part:20} {each:7.2f} us of CPU per clip, peak so far {peak:6.2f} GiB")
        last = time.process_time()

    found = in_memory(given.clips)
    mark("tables")
    findings.line(str(planned(*found, mark)))
    del found
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        store, made_by = Store(folder), recipe()
        write_vectors(store, given.clips, given.dim, made_by)
        mark("vectors written")
        vectors = load_vectors(f"{folder}/{made_by.embedder.folder}")
        mark("vectors read")
        findings.line(str(decided(store, vectors, mark)))


if __name__ == "__main__":
    main()
