"""The samples of a tar as they were before it was packed: files in a store, and what was said of them."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Collection
from pathlib import Path

import numpy as np

from vidcurate.errors import ShapeError
from vidcurate.sharder.base import Sample, Subset
from vidcurate.store.files import Store


def unpack(store: Store, key: str, subset: Subset, without: Collection[str], folder: Path) -> list[Sample]:
    """Take a tar of `webdataset` apart.

    Args:
        store: holds the tar.
        key: of the tar.
        subset: of its samples.
        without: keys of samples that are left out.
        folder: gets the media of the others as `{key}.mp4`.

    Returns:
        The others, in their order.

    Raises:
        ShapeError: a member is no file, or its name leads elsewhere.
    """
    found: dict[str, dict[str, bytes]] = {}
    with store.fs.open(store.path(key), "rb") as file, tarfile.open(fileobj=file) as tar:
        for member in tar:
            name, _, suffix = member.name.partition(".")
            if not member.isfile() or "/" in name or "\\" in name or name in ("", ".", ".."):
                raise ShapeError(f"{store.path(key)}: {member.name!r} is no file of a sample; do not trust this shard")
            content = tar.extractfile(member)
            if name in without or content is None:
                continue
            members = found.setdefault(name, {})
            if suffix == "mp4":
                with (folder / f"{name}.mp4").open("wb") as media:
                    shutil.copyfileobj(content, media)
            else:
                members[suffix] = content.read()
    return [_sample(name, members, subset, folder) for name, members in found.items()]


def _sample(key: str, members: dict[str, bytes], subset: Subset, folder: Path) -> Sample:
    metadata = json.loads(members["json"])
    return Sample(
        key=key,
        media=f"{key}.mp4",
        num_bytes=(folder / f"{key}.mp4").stat().st_size,
        width=metadata["width"],
        height=metadata["height"],
        duration=metadata["duration"],
        source=metadata["video_id"],
        caption=members["txt"].decode(),
        metadata=metadata,
        subset=subset,
        vector=np.load(io.BytesIO(members["npy"]), allow_pickle=False) if "npy" in members else None,
    )
