"""What a sweep of many epsilons costs beside one run, in CPU time; and what the comparison says of the search.

    python benchmarks/sweep.py [--clips N] [--epsilons E] [--clusters K] [--repeats R]

Families of near copies in scenes of similar clips, as vectors of 512 numbers in a parquet file. Both runs begin in a
process and a folder of their own: `+experiment=dedup` at one epsilon, and with `dedup.sweep` at E more, in turns.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.findings import Findings, add_json
from vidcurate.table import vectors_table

EPS = 0.1


def vectors(clips: int, seed: int = 0) -> NDArray[np.float32]:
    """Families of three about their centres, at cosines from .7 up; a hundred families share a scene.

    Returns:
        float32 [clips, 512], not normalised.
    """
    rng = np.random.default_rng(seed)
    scenes, families = (rng.standard_normal((max(1, clips // size), 512)) for size in (300, 3))
    family = rng.integers(len(families), size=clips)
    scene = rng.integers(len(scenes), size=len(families))
    noise = rng.standard_normal((clips, 512)) * rng.uniform(0.02, 0.6, (clips, 1))
    return (1.3 * scenes[scene[family]] + 0.8 * families[family] + noise).astype(np.float32)


def cost(embeddings: Path, out: Path, clusters: int, sweep: list[float]) -> float:
    """CPU seconds of one call, from start to end; its log goes to stderr.

    Raises:
        CalledProcessError: it failed.
    """
    search = ["neighbours=clustered", f"cluster.k={clusters}"] if clusters > 1 else ["neighbours=exact"]
    options = [f"embeddings={embeddings}", f"out={out}", f"dedup.eps={EPS}", f"dedup.sweep={sweep}", *search]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "vidcurate", "+experiment=dedup", "dedup=leader", *options], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=20_000)
    parser.add_argument("--epsilons", type=int, default=50)
    parser.add_argument("--clusters", type=int, default=1, help="of the search; 1 compares all with all")
    parser.add_argument("--repeats", type=int, default=2)
    add_json(parser)
    asked = parser.parse_args()
    sweep = [round(float(eps), 4) for eps in np.linspace(0.3 / asked.epsilons, 0.3, asked.epsilons)]
    one: list[float] = []
    many: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ids = [f"{number:032x}" for number in range(asked.clips)]
        pq.write_table(vectors_table(ids, vectors(asked.clips)), folder / "vectors.parquet")
        for turn in range(asked.repeats):
            one.append(cost(folder / "vectors.parquet", folder / f"one{turn}", asked.clusters, []))
            many.append(cost(folder / "vectors.parquet", folder / f"many{turn}", asked.clusters, sweep))
    low, high = min(one), min(many)
    one_run = f"{asked.clips} clips in {asked.clusters} clusters: {low:.2f} CPU-s at one epsilon"
    findings = Findings(asked.json)
    findings.line(f"{one_run}, {high:.2f} at {asked.epsilons} more: {high / low:.3f} times")
    findings.figure("sweep of one run", high / low)


if __name__ == "__main__":
    main()
