"""A closer look at a few frames of each second: what they show, as vectors, beside the frames that a detector sees.

With them shots can be checked that any detector has found: one that jumps inside is split, and neighbours that show
the same are joined. Both act on shots as they are told, and tell them on as soon as they are certain.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vidcurate.records import Shot, Thumbnail

if TYPE_CHECKING:
    from vidcurate.splitter.base import Splitter

RATE = 2.0
"""Looks a second."""

SIDE = 160
"""Width and height in pixels of what the network is shown."""

JUMP, STEADY = 0.55, 0.7
"""Cosine of two looks one after the other: below the one they show different things, above the other the same.

On two reels, two looks at one shot had .65 at least; of those on either side of a cut nine in ten had .57 at most.
"""

GRID = (16, 9)
"""Width and height of the pictures by which the frame of a jump is found."""

MEMORY = 1000
"""Frames that are remembered; shots are told long before so many have followed."""

Vector = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""uint8 [SIDE, SIDE, 3] RGB -> float32 [1280], of unit length."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one frame shows.

    Attributes:
        index: of the frame.
        vector: float32 [1280], of unit length.
    """

    index: int
    vector: NDArray[np.float32]

    def likeness(self, other: Look) -> float:
        """Cosine, 0 to 1."""
        return float(self.vector @ other.vector)


class Looks:
    """Iterable over the frames of a video, once, that looks closer at some of them on the way and remembers the latest.

    Args:
        thumbnails: every frame of the video.
        device: where the network runs.
        vector: what a picture of `SIDE` x `SIDE` pixels shows; None asks the network.
    """

    def __init__(self, thumbnails: Iterable[Thumbnail], device: str, vector: Vector | None = None) -> None:
        self._thumbnails, self._vector = thumbnails, vector or by_network(device)
        self._looks: deque[Look] = deque()
        self._small: deque[NDArray[np.int16]] = deque(maxlen=MEMORY)
        self._seen = 0  # frames so far

    def __iter__(self) -> Iterator[Thumbnail]:
        """Hand on every frame."""
        beat = -1
        for index, thumbnail in enumerate(self._thumbnails):
            self._small.append(thumbnail.view(*GRID).astype(np.int16))
            self._seen = index + 1
            if int(thumbnail.time * RATE + 1e-6) > beat:
                beat = int(thumbnail.time * RATE + 1e-6)
                self._looks.append(Look(index, self._vector(thumbnail.view(SIDE, SIDE))))
                while self._looks[0].index <= index - MEMORY:
                    self._looks.popleft()
            yield thumbnail

    def between(self, start: int, end: int) -> list[Look]:
        """Looks at frames between two indices, half-open."""
        return [look for look in self._looks if start <= look.index < end]

    def jump(self, before: int, after: int) -> int:
        """Of the frames after one index up to another, the one that differs most from its predecessor."""
        offset = self._seen - len(self._small)
        pictures = list(self._small)[before - offset : after + 1 - offset]
        changes = [float(np.abs(one - other).mean()) for one, other in pairwise(pictures)]
        return before + 1 + int(np.argmax(changes))


def by_network(device: str) -> Vector:
    """What makes vectors of pictures; its network goes to `device`."""
    from vidcurate.model import efficientnet_lite

    model = efficientnet_lite.pretrained(device)

    def vector(image: NDArray[np.uint8]) -> NDArray[np.float32]:
        features = np.sqrt(efficientnet_lite.features(model, image[None], 1)[0])
        return np.asarray(features / max(float(np.linalg.norm(features)), 1e-12), np.float32)

    return vector


def looked_at(splitter: Splitter, shots: Iterable[Shot], looks: Looks) -> Iterator[Shot]:
    """Shots, rechecked and stitched as the splitter is told to."""
    if splitter.recheck:
        shots = rechecked(shots, looks)
    return iter(shots) if splitter.stitch is None else stitched(shots, looks, splitter.stitch)


def rechecked(shots: Iterable[Shot], looks: Looks) -> Iterator[Shot]:
    """Shots, split where what they show changes between two looks, and is steady before and after.

    Args:
        shots: as a splitter tells them that is shown the frames of `looks`.
        looks: at the same video.
    """
    told = start = checked = -1
    for shot in shots:
        if shot.start != told:
            told = start = checked = shot.start
        inside = looks.between(start, shot.end)
        for one, two, three, four in zip(inside, inside[1:], inside[2:], inside[3:], strict=False):
            if one.index < max(start, checked):
                continue
            checked = two.index
            if two.likeness(three) < JUMP and min(one.likeness(two), three.likeness(four)) > STEADY:
                cut = looks.jump(two.index, three.index)
                yield Shot(start, cut)
                start = cut
        end = shot.end
        if shot.open:  # after the last look but one, a jump may yet be seen
            end = inside[-2].index + 1 if len(inside) > 1 else start
        if end > start:
            yield Shot(start, end, shot.open)


def stitched(shots: Iterable[Shot], looks: Looks, likeness: float) -> Iterator[Shot]:
    """Shots, those joined that touch and whose last and first look are alike.

    Args:
        shots: as they are told.
        looks: at the same video.
        likeness: cosine from which two shots are one.
    """
    held: Shot | None = None  # finished, unless its successor is joined to it
    last: Look | None = None
    told = start = -1
    for shot in shots:
        seen = looks.between(shot.start, shot.end)
        if shot.start != told:
            if held is not None and not seen and shot.open:
                continue
            is_alike = bool(seen) and last is not None and last.likeness(seen[0]) >= likeness
            told = start = shot.start
            if held is not None and held.end == told and is_alike:
                start = held.start
            elif held is not None:
                yield held
            held = None
        last = seen[-1] if seen else None
        yield Shot(start, shot.end, open=True)
        held = None if shot.open else Shot(start, shot.end)
    if held is not None:
        yield held
