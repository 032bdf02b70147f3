"""Reels out of videos that are not cut: shots of theirs, and between them every kind of transition, with labels."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import MediaError
from vidcurate.records import VideoInfo
from vidcurate.stage.tune_shots.score import Transition

log = logging.getLogger(__name__)

FPS, SIZE = 25, (384, 216)
SHOT = (3 * FPS // 2, 7 * FPS // 2)
"""Frames of a shot, at least and at most."""
LEAST = FPS
"""Frames that a shot must have, where its video ends earlier than it says."""
MIXED = (8, 24)
"""Frames of a gradual transition, with the pure one at either end."""
PURE = 5
"""Frames of a shot that stay as they are, between two transitions."""
KINDS = {"cut": 8, "dissolve": 5, "fade": 3, "wipe": 5}
"""How often each kind is drawn, among all."""
FLASHES = 0.25
"""Share of the shots in which something flashes."""

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """A video that shots are taken from.

    Attributes:
        uri: its name.
        path: its local file.
        info: what `probe` said about it.
    """

    uri: str
    path: str
    info: VideoInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Reel:
    """A video that is known.

    Attributes:
        name: of its file.
        truths: its transitions, rising and disjoint.
        flashes: what is none, though it flares.
        uris: of the videos in it.
    """

    name: str
    truths: tuple[Transition, ...]
    flashes: tuple[Transition, ...]
    uris: tuple[str, ...]

    def labels(self) -> dict[str, Any]:
        """As `ground_truth.json` lists it."""
        named = {"cuts": self.truths, "flashes": self.flashes}
        told = {
            key: [{"frame_start": one.first, "frame_end": one.last, "kind": one.kind} for one in entries]
            for key, entries in named.items()
        }
        return {"file": self.name, **told, "videos": list(self.uris)}


def reel(takes: Sequence[Take], path: Path, shots: int, chance: random.Random) -> Reel:
    """Write one reel.

    Args:
        takes: videos to draw from; each should show one shot, or few.
        path: of the file, which is H.264.
        shots: in it, at most: a shot that cannot be decoded is left out.
        chance: what draws; the same draws give the same bytes.
    """
    edit = _Edit()
    used: dict[str, None] = {}
    last: Take | None = None
    with _Writer(path) as writer:
        for _ in range(shots):
            others = [take for take in takes if take is not last] or list(takes)
            take = chance.choice(others)
            frames = _shot(take, chance)
            if len(frames) < LEAST:
                continue
            used[take.uri], last = None, take
            writer.write(edit.add(frames, chance))
        writer.write(edit.rest())
    return Reel(name=path.name, truths=tuple(edit.truths), flashes=tuple(edit.flashes), uris=tuple(sorted(used)))


def _shot(take: Take, chance: random.Random) -> list[Image]:
    """Some seconds of a video, from anywhere in it; none where it cannot be decoded."""
    from vidcurate.video.stretch import stretch

    count = chance.randint(*SHOT)
    begin = chance.random() * max(0.0, take.info.duration - count / FPS)
    try:
        return stretch(take.path, take.info, begin, count, fps=FPS, size=SIZE)
    except MediaError as error:
        log.warning("tune_shots: %s: %s", take.uri, error)
        return []


class _Edit:
    """A reel while it is made: what is written already, and the end of the last shot, which the next may mix with."""

    def __init__(self) -> None:
        self.truths: list[Transition] = []
        self.flashes: list[Transition] = []
        self._done = 0  # frames that are written
        self._tail: list[Image] = []
        self._pure = 0  # frames at the end of the tail that are of the last shot alone

    def add(self, frames: list[Image], chance: random.Random) -> list[Image]:
        """Take the next shot; return the frames that nothing changes any more."""
        from vidcurate.video.mixing import EFFECTS, mixed

        kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
        longest = min(MIXED[1], len(frames) // 2 - PURE, self._pure - PURE)
        end = self._done + len(self._tail)
        if not self._tail:
            self._tail, lead = list(frames), 0
        elif kind == "cut" or longest < MIXED[0]:
            self.truths.append(Transition(end - 1, end, "cut"))
            self._tail, lead = self._tail + frames, 0
        else:
            count = chance.randint(MIXED[0], longest)
            effect = chance.choice(EFFECTS[kind])  # type: ignore[index]  # `cut` has gone the other way
            between = mixed(self._tail[-count:], frames[:count], kind, effect)  # type: ignore[arg-type]  # likewise
            self.truths.append(Transition(end - count + 1, end - 2, kind))
            self._tail, lead = [*self._tail[:-count], *between, *frames[count:]], count
        self._pure = len(frames) - lead
        self._flash(chance)
        ready = max(0, len(self._tail) - MIXED[1] - PURE)
        written, self._tail = self._tail[:ready], self._tail[ready:]
        self._done += ready
        return written

    def rest(self) -> list[Image]:
        """The frames of the end."""
        return self._tail

    def _flash(self, chance: random.Random) -> None:
        """Let something flash in the middle of the last shot, sometimes."""
        from vidcurate.video.mixing import flashed

        wants, length = chance.random() < FLASHES, chance.randint(1, 3)
        room = self._pure - PURE - (MIXED[1] + PURE)  # what may yet be mixed with the next shot stays as it is
        if not wants or room < length:
            return
        start = len(self._tail) - self._pure + PURE + chance.randrange(room - length + 1)
        self._tail[start : start + length] = flashed(self._tail[start : start + length])
        self.flashes.append(Transition(self._done + start, self._done + start + length - 1, "flash"))


class _Writer:
    """Writes frames as an MP4 file that is there when all are written."""

    def __init__(self, path: Path) -> None:
        from vidcurate.video.encode import ClipFile, Encoding

        self._file = ClipFile(path, Encoding(crf=20, audio="drop"), size=SIZE, fps=Fraction(FPS), clock=FPS, sound=None)
        self._count = 0

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._count:
            self._file.close()
        else:
            self._file.discard()

    def write(self, images: Sequence[Image]) -> None:
        """Append pictures."""
        import av

        for image in images:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24").reformat(format="yuv420p")
            self._file.add(frame, self._count, 1, None)
            self._count += 1
