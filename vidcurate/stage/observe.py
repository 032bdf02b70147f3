"""From the sampled frames of clips to scores, vectors and captions, for exactly the products that are missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import ShapeError
from vidcurate.filter.base import Filter
from vidcurate.recipe import Recipe
from vidcurate.records import Answer, Frames, Sampling
from vidcurate.registry import loaded
from vidcurate.stage.hashes import SAMPLING, hash_row
from vidcurate.stage.record import Row
from vidcurate.timings import timed

GROUP, GROUP_BYTES = 16, 64 * 2**20
"""Clips whose frames are in memory at once: so many, or fewer if their frames are larger than this."""


class Seen(Protocol):
    """A clip with the frames that were taken from it: a `CutClip`, or one that was read again."""

    @property
    def clip_id(self) -> str:
        """Which clip."""

    @property
    def num_frames(self) -> int:
        """Frames in its file."""

    @property
    def content_hash(self) -> str:
        """Hash of its coded frames."""

    @property
    def frames(self) -> Mapping[Sampling, Frames]:
        """One entry per sampling."""


View = TypeVar("View", bound=Seen)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observations:
    """What the models said about some clips.

    Attributes:
        scores: rows of SCORES, without verdicts.
        vectors: float32 [n, dim], in the order of the clips; None if no embedding was asked for.
        captions: rows of CAPTIONS.
        hashes: rows of HASHES.
        previews: files by their name without the folder.
    """

    scores: list[Row]
    vectors: NDArray[np.float32] | None
    captions: list[Row]
    hashes: list[Row]
    previews: dict[str, bytes]


def samplings(recipe: Recipe, products: Collection[str]) -> tuple[Sampling, ...]:
    """The union of what the products' components want to see, each sampling once."""
    wants: list[Sampling | None] = [entry.sampling for entry in _filters(recipe, products)]
    if "embedding" in products:
        wants.append(recipe.embedder.sampling)
    if "caption" in products:
        wants.append(recipe.captioner.sampling)
    if "preview" in products:
        wants.append(recipe.preview.sampling)
    if "hashes" in products:
        wants.append(SAMPLING)
    return tuple(dict.fromkeys(want for want in wants if want is not None))


def observe(clips: Sequence[Seen], recipe: Recipe, products: Collection[str], device: str) -> Observations:
    """Show the frames of clips to the components that are asked for.

    Args:
        clips: a handful of clips; their frames are in memory at once.
        recipe: the components.
        products: of `embedding`, `caption`, `preview`, `hashes` and `score/...`; others are ignored.
        device: where the models run.
    """
    vectors = None
    if "embedding" in products:
        with timed("embed"):
            embed = loaded(recipe.embedder, device)
            vectors = embed([clip.frames[recipe.embedder.sampling] for clip in clips])
    return Observations(
        scores=_scores(clips, _filters(recipe, products), device),
        vectors=vectors,
        captions=_captions(clips, recipe, device) if "caption" in products else [],
        hashes=_hashes(clips) if "hashes" in products else [],
        previews=_previews(clips, recipe, device) if "preview" in products else {},
    )


def look(
    clips: Iterable[View], recipe: Recipe, products: Collection[str], device: str
) -> tuple[list[View], Observations]:
    """Observe clips as they are finished, a group at a time, so that memory does not grow with the video.

    Returns:
        The clips without their frames, and what was seen in them, in the same order.
    """
    bare: list[View] = []
    parts: list[Observations] = []
    for group in _groups(clips):
        parts.append(observe(group, recipe, products, device))
        bare += [_without_frames(clip) for clip in group]
    return bare, joined(parts)


def joined(parts: Sequence[Observations]) -> Observations:
    """Observations of some clips and of those that follow them, as one."""
    vectors = [part.vectors for part in parts if part.vectors is not None]
    return Observations(
        scores=[row for part in parts for row in part.scores],
        vectors=np.concatenate(vectors) if vectors else None,
        captions=[row for part in parts for row in part.captions],
        hashes=[row for part in parts for row in part.hashes],
        previews={name: data for part in parts for name, data in part.previews.items()},
    )


def _groups(clips: Iterable[View]) -> Iterator[list[View]]:
    group: list[View] = []
    for clip in clips:
        group.append(clip)
        waiting = sum(frames.images.nbytes for waits in group for frames in waits.frames.values())
        if len(group) == GROUP or waiting > GROUP_BYTES:
            yield group
            group = []
    if group:
        yield group


def _without_frames(clip: View) -> View:
    return cast("View", replace(cast("Any", clip), frames={}))  # every view is a dataclass


def _filters(recipe: Recipe, products: Collection[str]) -> list[Filter]:
    return [entry for entry in recipe.filter if f"score/{entry.name}" in products]


def _scores(clips: Sequence[Seen], filters: Sequence[Filter], device: str) -> list[Row]:
    scorers = []
    for entry in filters:
        with timed(f"filter.{entry.name}"):
            scorers.append((entry, entry.sampling, loaded(entry, device)))
    rows = []
    for clip in clips:
        for entry, sampling, score in scorers:
            if sampling is not None:
                with timed(f"filter.{entry.name}"):
                    found = score(clip.frames[sampling])
                kind = {"clip_id": clip.clip_id, "filter": entry.name}
                rows += [kind | {"score": name, "value": float(value)} for name, value in found.items()]
    return rows


def _hashes(clips: Sequence[Seen]) -> list[Row]:
    with timed("hash"):
        return [hash_row(clip.clip_id, clip.content_hash, clip.frames[SAMPLING]) for clip in clips]


def _captions(clips: Sequence[Seen], recipe: Recipe, device: str) -> list[Row]:
    captioner, sampling = recipe.captioner, recipe.captioner.sampling
    if sampling is None:
        return []
    windows = [(clip, window) for clip in clips for window in captioner.windows(clip.num_frames)]
    parts = [clip.frames[sampling].part(window.start, window.stop) for clip, window in windows]
    shown = [position for position, part in enumerate(parts) if part.indices.size]
    with timed("caption"):
        answers = loaded(captioner, device)([parts[position] for position in shown])
    if len(answers) != len(shown):
        raise ShapeError(f"captioner {captioner.name}: {len(answers)} captions for {len(shown)} windows")
    found = dict(zip(shown, answers, strict=True))
    return [
        {
            "clip_id": clip.clip_id,
            "start_frame": window.start,
            "end_frame": window.stop - 1,
            "captioner": captioner.name,
            "caption": answer.text,
            "failure": answer.failure,
            "prompt_tokens": answer.prompt_tokens,
            "output_tokens": answer.output_tokens,
        }
        for position, (clip, window) in enumerate(windows)
        for answer in (found.get(position, Answer(failure="no frame of the window was sampled")),)
    ]


def _previews(clips: Sequence[Seen], recipe: Recipe, device: str) -> dict[str, bytes]:
    sampling = recipe.preview.sampling
    if sampling is None:
        return {}
    with timed("preview"):
        draw = loaded(recipe.preview, device)
        drawn = ((clip.clip_id, draw(clip.frames[sampling])) for clip in clips)
        return {f"{name}.{suffix}": data for name, files in drawn for suffix, data in files.items()}
