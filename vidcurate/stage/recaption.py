"""New captions for a dataset that is packed: its clips are shown to a captioner, and its shards stay as they are.

Clips are read from the shards themselves: neither sources nor the folder of clips are needed, and tables say what they
said before.
"""

from __future__ import annotations

import json
import logging
import shutil
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from vidcurate.errors import ConfigError, MissingInput, VidcurateError
from vidcurate.model.device import best_device
from vidcurate.progress import progress
from vidcurate.recipe import Recipe
from vidcurate.records import Sampling
from vidcurate.registry import fingerprint
from vidcurate.runtime.base import Runtime
from vidcurate.sharder.base import Shard
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.stage.again import Reread
from vidcurate.stage.captions import (
    Captioned,
    captions_folder,
    list_captions,
    remove_captions,
    stored_captions,
    write_captions,
)
from vidcurate.stage.enhance import enhanced
from vidcurate.stage.observe import look
from vidcurate.stage.shard import stored_shards
from vidcurate.store.commit import committed
from vidcurate.store.files import Store
from vidcurate.video.reread import reread

log = logging.getLogger(__name__)


def recaption(store: Store, recipe: Recipe, runtime: Runtime, name: str | None = None) -> dict[str, int]:
    """Caption every packed clip, unless the captions of its shard are there; those with failed windows are tried again.

    Args:
        store: the dataset.
        recipe: its captioner and enhancer do the work.
        runtime: maps shards over workers.
        name: of the captions; None takes that of the captioner. Captions by another captioner are replaced.

    Returns:
        Number of `shards`, of `samples` in them, and of windows that have `failed`.

    Raises:
        ConfigError: the captioner writes no captions, or shards of this sharder cannot be read.
        MissingInput: nothing is packed.
    """
    captioner, sharder = recipe.captioner, recipe.sharder
    if captioner.sampling is None:
        raise ConfigError(
            [f"captioner={captioner.name} writes no captions; recaption needs another, e.g. captioner=tags"]
        )
    if not isinstance(sharder, WebDataset):
        raise ConfigError([f"sharder={sharder.name}: recaption reads shards of webdataset only"])
    if not committed(store, sharder.folder):
        raise MissingInput(f"{store.url}: nothing is packed; run +experiment=shard out=... first")
    shards, folder = stored_shards(store, sharder), captions_folder(sharder, name or captioner.name)
    made_by = made_from(recipe)
    found = {
        key: entry
        for key, entry in stored_captions(store, folder).items()
        if key in shards and (entry.made_by, entry.shard, entry.failed) == (made_by, shards[key].made_from, 0)
    }
    for key in stored_captions(store, folder).keys() - shards.keys():
        remove_captions(store, folder, key)
    todo = [shard for key, shard in shards.items() if key not in found]
    work = partial(caption_shard, recipe=recipe, out=store.url, folder=folder)
    for entry in progress(runtime.map(work, todo), len(todo), "recaption: shards"):
        found[entry.name] = entry
    counts = list_captions(store, folder, [found[key] for key in shards])
    log.info("recaption: %d of %d shards captioned by %s in %s", len(todo), len(shards), captioner.name, folder)
    if counts["failed"]:
        log.warning("recaption: %d windows have no caption; run again to try their shards anew", counts["failed"])
    return counts


def made_from(recipe: Recipe) -> str:
    """Fingerprint of what says what captions say."""
    return fingerprint(recipe.captioner, recipe.enhancer)


def caption_shard(shard: Shard, *, recipe: Recipe, out: str, folder: str) -> Captioned:
    """Caption the clips of one shard, wholly on one worker.

    Raises:
        VidcurateError: a clip in it cannot be decoded.
    """
    store, device, sampling = Store(out), best_device(), recipe.captioner.sampling
    if sampling is None:
        raise ConfigError([f"captioner={recipe.captioner.name} writes no captions"])
    with store.staging() as staging:
        clips, seen = look(_clips(store, shard, sampling, staging), recipe, {"caption"}, device)
    windows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    answers = enhanced(seen.captions, recipe.enhancer, device)
    for row in answers:
        window = {"start_frame": row["start_frame"], "end_frame": row["end_frame"]}
        windows[row["clip_id"]].append(window | {"caption": row.get("enhanced_caption") or row["caption"]})
    rows = [
        {"key": clip.clip_id, "windows": windows[clip.clip_id]}
        | {"caption": " ".join(window["caption"] for window in windows[clip.clip_id] if window["caption"])}
        for clip in clips
    ]
    failed = sum(bool(row["failure"] or row.get("enhancer_failure")) for row in answers)
    return write_captions(store, folder, shard, rows, failed=failed, made_by=made_from(recipe))


def _clips(store: Store, shard: Shard, sampling: Sampling, folder: Path) -> Iterator[Reread]:
    """The clips of a tar in their order, with the frames to be shown; one file at a time is on disk."""
    num_frames, path = 0, folder / "clip.mp4"
    key = shard.files[0].key
    with store.fs.open(store.path(key), "rb") as file, tarfile.open(fileobj=file) as tar:
        for member in tar:
            name, _, suffix = member.name.partition(".")
            content = tar.extractfile(member)
            if content is None:
                continue
            if suffix == "json":
                num_frames = json.load(content)["num_frames"]
            elif suffix == "mp4":
                with path.open("wb") as media:
                    shutil.copyfileobj(content, media)
                try:
                    frames = reread(str(path), [sampling])
                except VidcurateError as error:
                    raise VidcurateError(f"{store.path(key)}: {name}.mp4 cannot be decoded: {error}") from error
                yield Reread(clip_id=name, num_frames=num_frames, content_hash="", frames=frames)
