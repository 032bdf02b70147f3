"""A small dataset that holds, how it is made, and what verify says of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from tests.media import write_video
from tests.stage.verify.damage import SHARDER
from vidcurate import Recipe, curate
from vidcurate.cluster.single import Single
from vidcurate.dedup.leader import Leader
from vidcurate.embedder.histogram import Histogram
from vidcurate.errors import VidcurateError
from vidcurate.preview.none import NoPreview
from vidcurate.recipe import Verify
from vidcurate.source.folder import Folder
from vidcurate.splitter.fixed import Fixed

RECIPE = Recipe(
    splitter=Fixed(length=0.4, min_length=0.4),
    filter=(),
    embedder=Histogram(),
    preview=NoPreview(),
    cluster=Single(),
    dedup=Leader(eps=0.01),
    sharder=replace(SHARDER, target_bytes=1_000),
    verify=Verify(loaders=("webdataset", "tarfile")),
)


def make(videos: Path, out: Path) -> Path:
    """Five clips of two videos and a copy of one of them at another quality; four are kept, in several shards."""
    write_video(videos / "a.mp4", (10, 10), seed=1, size=(160, 96))
    write_video(videos / "b.mp4", (10, 10), seed=2, size=(160, 96))
    write_video(videos / "c.mp4", (10,), seed=1, size=(160, 96), gop=5)
    curate(RECIPE, source=Folder(path=str(videos)), out=str(out))
    return out


def verified(root: Path, recipe: Recipe = RECIPE) -> tuple[set[str], str]:
    """Names of the checks that fail, and the message."""
    message = ""
    try:
        curate(recipe, out=str(root), steps=["verify"])
    except VidcurateError as error:
        message = str(error)
    checks = json.loads((root / "verify.json").read_text())["checks"]
    return {check["name"] for check in checks if not check["ok"]}, message
