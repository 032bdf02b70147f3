"""What to do with the dataset next: the lines that load it and the commands that go on from it."""

from __future__ import annotations

import shlex

from vidcurate.store.files import Store
from vidcurate.store.mask import masked

SHARDS = "webdataset/v0/**/*.tar"


def snippet(store: Store) -> str:
    """Python that reads the shards from where they are."""
    url = store.root if store.url.startswith("file:") else store.url.rstrip("/")
    pattern = masked(f"{url}/{SHARDS}")
    if store.is_local:
        return f"""\
import glob
import webdataset as wds

shards = sorted(glob.glob({pattern!r}, recursive=True))
for sample in wds.WebDataset(shards, shardshuffle=False).decode():
    print(sample["json"]["clip_id"], len(sample["mp4"]), sample["txt"])
"""
    return f"""\
import fsspec
from webdataset.tariterators import group_by_keys, tar_file_expander

files = fsspec.open_files({pattern!r})
shards = ({{"url": file.path, "stream": file.open()}} for file in files)
for sample in group_by_keys(tar_file_expander(shards)):
    print(sample["__key__"], len(sample["mp4"]), sample["txt"].decode())
"""


def commands(store: Store, eps: float | None) -> list[tuple[str, str]]:
    """What can be done next, and the command for it.

    Args:
        store: the dataset.
        eps: the epsilon that the page shows; None where nothing is compared.
    """
    out = shlex.quote(masked(f"out={store.url}"))
    decided = f" dedup.eps={eps!r}" if eps is not None else ""
    return [
        ("Compare epsilons; clips are not compared again", f"vidcurate +experiment=sweep_epsilon {out}"),
        ("Decide at one epsilon", f"vidcurate +experiment=dedup {out}{decided}"),
        ("Pack what is unique at it", f"vidcurate +experiment=shard {out}{decided}"),
        ("Write this page anew", f"vidcurate +experiment=report {out}"),
    ]
