"""Feeds broken files to a reader, in a process of its own: what crashes it, hangs it or eats its memory is a finding.

Called as `python -m tests.fuzz.driver KIND FOLDER`; files of the folder are read in the order of their names, and the
name of each is printed before it is touched, so that the last line names the one that ended the process.
"""

from __future__ import annotations

import logging
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from vidcurate.errors import VidcurateError
from vidcurate.records import Limits

MEMORY = 3 * 2**30
"""Bytes of address space: torch and pyarrow have mapped most of it before the first file."""
LIMITS = Limits(max_pixels=2**22, max_duration=3600.0, max_decoded_bytes=2**34)
FRAMES = 20
"""Frames that are decoded of what can be probed."""


def probed(path: str) -> None:
    """What a container says, and its first frames."""
    from itertools import islice

    from vidcurate.video.decode import Decoding
    from vidcurate.video.index import index
    from vidcurate.video.probe import probe

    info = probe(path, LIMITS)
    for _ in islice(Decoding(path, info, limits=LIMITS), FRAMES):
        pass
    index(path)


def tabled(path: str) -> None:
    """Every way in which parquet files of others come in."""
    from vidcurate.stage.dedup_results import find_result
    from vidcurate.stage.vectors import load_vectors
    from vidcurate.store.files import Store

    folder, _, name = path.rpartition("/")
    for read in (
        lambda: Store(folder).read_table(name),
        lambda: load_vectors(path),
        lambda: load_vectors(path, on_bad="drop"),
        lambda: find_result(path).scores(),
    ):
        try:
            read()
        except VidcurateError:
            continue


READERS: dict[str, Callable[[str], None]] = {"video": probed, "parquet": tabled}


def main(kind: str, folder: str) -> None:
    """Read every file; end at the first error that is none of ours."""
    logging.disable()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for file in sorted(Path(folder).iterdir()):
        print(file.name, flush=True)
        try:
            READERS[kind](str(file))
        except VidcurateError:
            continue
    print("grown", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
