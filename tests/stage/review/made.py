"""A small dataset with a clip that filters drop and one that is a duplicate, and reviews of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from tests.media import write_video
from tests.stage.verify.made import RECIPE as PLAIN
from vidcurate import Recipe, curate
from vidcurate.filter.motion import Motion
from vidcurate.preview.webp import WebP
from vidcurate.source.folder import Folder

RECIPE = replace(PLAIN, filter=(Motion(min="p20"),), preview=WebP())


def make(root: Path) -> tuple[Path, Path]:
    """Videos and their dataset: five clips, of which one repeats another, and the stillest is filtered."""
    videos, out = root / "videos", root / "out"
    for name, shots, seed in (("a.mp4", (10, 10), 1), ("b.mp4", (10, 10), 2), ("c.mp4", (10,), 1)):
        write_video(_below(videos, name), shots, seed=seed, size=(160, 96), gop=5 if name == "c.mp4" else 50)
    curate(RECIPE, source=Folder(path=str(videos)), out=str(out))
    return videos, out


def copied(made: tuple[Path, Path], folder: Path) -> Path:
    """A dataset that a test may change."""
    shutil.copytree(made[1], folder / "out")
    return folder / "out"


def reviewing(review: Path | None, recipe: Recipe = RECIPE) -> Recipe:
    """The recipe that heeds a review."""
    return replace(recipe, dedup=replace(recipe.dedup, review=review and str(review)))


def write_review(folder: Path, **verdicts: str) -> Path:
    """A review that says this of clips."""
    path = folder / "review.csv"
    lines = [f"{name},{verdict}," for name, verdict in verdicts.items()]
    path.write_text("\n".join(["clip_id,decision,note", *lines, ""]), encoding="utf-8")
    return path


def rows(out: Path, folder: str) -> list[dict]:
    """Of a table of the dataset."""
    return pq.read_table(out / folder).to_pylist()


def names(out: Path) -> tuple[str, str, str]:
    """Ids of the clip that filters drop, of the duplicate, and of its witness."""
    filtered = next(row["clip_id"] for row in rows(out, "tables/clips") if not row["kept"])
    duplicate = next(row for row in rows(out, "semantic/decisions/eps=0.01") if row["witness_id"])
    return filtered, duplicate["id"], duplicate["witness_id"]


def _below(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name
