"""What it takes to read embeddings into one matrix: memory at its peak beside the matrix, and CPU-seconds.

    python benchmarks/vectors.py [--rows 1000000] [--dim 512] [--type float32 float16]

Files are made in a folder that is removed afterwards, in parts of 100,000 rows and shuffled; each type is read by a
process of its own, so that nothing but reading counts. Decimal units: the matrix of 1,000,000 x 512 is 2.05 GB.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.findings import Findings, add_json

PART = 100_000


def main() -> None:
    """Make the files and read them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--type", nargs="+", default=["float32", "float16"])
    parser.add_argument("--read", help=argparse.SUPPRESS)
    add_json(parser)
    given = parser.parse_args()
    if given.read:
        read(given.read)
        return
    findings = Findings(given.json)
    for kind in given.type:
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder), given.rows, given.dim, np.dtype(kind))
            command = [sys.executable, __file__, "--read", folder]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
            findings.line(f"{kind}: {said}")


def make(folder: Path, rows: int, dim: int, kind: np.dtype) -> None:
    """Write random vectors under shuffled ids as long as UUIDs, with one fact and one source."""
    random = np.random.default_rng(0)
    ids = random.permutation(rows)
    for start in range(0, rows, PART):
        chosen = ids[start : start + PART]
        matrix = random.standard_normal((len(chosen), dim), np.float32).astype(kind)
        offsets = np.arange(len(chosen) + 1, dtype=np.int32) * dim
        columns = {
            "id": [f"{number:036d}" for number in chosen],
            "embedding": pa.ListArray.from_arrays(pa.array(offsets), pa.array(matrix.reshape(-1))),
            "video_id": [f"{number // 20:036d}" for number in chosen],
            "duration": random.random(len(chosen)),
        }
        pq.write_table(pa.table(columns), folder / f"{start}.parquet", compression="none")


def read(place: str) -> None:
    """Read a folder and print what that took."""
    from vidcurate.stage.vectors import load_vectors

    cpu, before = time.process_time(), peak()
    vectors = load_vectors(place)
    seconds, matrix = time.process_time() - cpu, vectors.matrix.nbytes
    print(
        f"{len(vectors.ids)} x {vectors.matrix.shape[1]}: peak {peak() / 1e9:.2f} GB, of which the matrix "
        f"{matrix / 1e9:.2f} and the interpreter {before / 1e9:.2f}; {seconds:.1f} CPU-s"
    )


def peak() -> int:
    """Bytes of memory that this process has held at most; getrusage would count its parent's before exec."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
