"""Which videos are tried: strata of alike videos and of equal work, and two of each, drawn by chance.

Videos are sorted by what is done with them, size of the picture, codec and length, and the list is divided into runs of
equal work, so that there are as many strata as the sample can serve however motley the source is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vidcurate.recipe import Plan
from vidcurate.records import Video, VideoInfo
from vidcurate.stage.plan.census import Entry
from vidcurate.stage.plan.estimate import Design

LEAST = 6
"""Videos of a sample, if there are as many: fewer tell nothing of how they differ."""
OF_EACH = 2
"""Videos that are drawn of a stratum."""
CLASSES = (0.11, 0.25, 0.5, 1.0, 2.2, 4.0, 9.0)
"""Borders of classes of picture size, in megapixels: 240p, 360p, 576p, 720p, 1080p, 1440p, 4K."""
PER_FRAME = 300_000
"""Pixels whose work is about that which every frame makes, however small it is."""
FPS = 25.0
"""Frames a second of a video that does not say."""
KNOWN = ("videos", "seconds", "frames", "pixels", "bytes")
"""What is known of every video."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A video that a run would work on.

    Attributes:
        video: which one.
        info: what its container says.
        again: whether only its finished clips are looked at.
        seconds: that it lasts; worked out from its bytes where it does not say.
    """

    video: Video
    info: VideoInfo
    again: bool
    seconds: float

    @cached_property
    def known(self) -> tuple[float, ...]:
        """In the order of `KNOWN`; all of them above 0."""
        frames = float(self.info.num_frames) or max(1.0, self.seconds * (self.info.fps or FPS))
        return 1.0, self.seconds, frames, frames * self.info.width * self.info.height, float(self.video.size_bytes)

    @property
    def work(self) -> float:
        """What it takes, in any unit."""
        return self.known[3] + PER_FRAME * self.known[2]

    @property
    def order(self) -> tuple[bool, int, str, float, str]:
        """Neighbours in it are alike."""
        size = int(np.searchsorted(CLASSES, self.info.width * self.info.height / 1e6))
        return self.again, size, self.info.codec, self.seconds, self.video.uri


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What is tried of one video.

    Attributes:
        candidate: which one.
        stratum: its number.
        weight: videos of the stratum for each that was drawn.
        seen: share of the stratum's seconds that the sample holds.
        start: second at which the stretch begins that is tried; None tries all of it.
        length: seconds that are tried.
    """

    candidate: Candidate
    stratum: int
    weight: float
    seen: float
    start: float | None
    length: float

    @property
    def share(self) -> float:
        """Of its video that is tried."""
        return self.length / self.candidate.seconds


def candidates(entries: Sequence[Entry]) -> tuple[Candidate, ...]:
    """The videos that are work, in the order of the source; where one does not say how long it lasts, its bytes do."""
    found = [(entry, entry.video, entry.info) for entry in entries if entry.is_work]
    told = [(video.size_bytes, info.duration) for _, video, info in found if video and info and info.duration > 0]
    rate = sum(size for size, _ in told) / sum(seconds for _, seconds in told) if told else 250_000.0
    return tuple(
        Candidate(
            video=video,
            info=info,
            again=entry.fate == "looked at again",
            seconds=_seconds(info) or max(0.04, video.size_bytes / rate),
        )
        for entry, video, info in found
        if video is not None and info is not None
    )


def _seconds(info: VideoInfo) -> float:
    return info.duration if info.duration > 0 else info.num_frames / (info.fps or FPS)


def draw(videos: Sequence[Candidate], wishes: Plan, seed: int) -> tuple[Unit, ...]:
    """Draw a sample of at least `wishes.minutes` or `wishes.share`, and not much more than `wishes.max_minutes`.

    Args:
        videos: of which it is drawn.
        wishes: how large it should be.
        seed: of chance.

    Returns:
        at least one of each kind of work there is; all videos, whole, where they are no more than was asked for.
    """
    total = sum(video.seconds for video in videos)
    budget = min(max(wishes.share * total, 60 * wishes.minutes), 60 * wishes.max_minutes)
    if total <= budget:
        return tuple(
            Unit(candidate=one, stratum=int(one.again), weight=1.0, seen=1.0, start=None, length=one.seconds)
            for one in videos
        )
    mean = sum(min(video.seconds, wishes.stretch) for video in videos) / len(videos)
    count = max(LEAST, math.floor(budget / mean))
    while True:
        units = _drawn(videos, count, wishes.stretch, seed)
        if sum(unit.length for unit in units) <= 1.2 * budget or count <= LEAST:
            return units
        count = max(LEAST, min(count - 1, math.floor(0.9 * count)))


def _drawn(videos: Sequence[Candidate], count: int, stretch: float, seed: int) -> tuple[Unit, ...]:
    chance = np.random.default_rng(seed)
    units: list[Unit] = []
    number = 0
    for again in (False, True):
        ordered = sorted((video for video in videos if video.again is again), key=lambda video: video.order)
        part = sum(video.work for video in ordered) / sum(video.work for video in videos)
        for group in _groups(ordered, max(1, round(count * part / OF_EACH))):
            chosen = sorted(chance.choice(len(group), min(OF_EACH, len(group)), replace=False).tolist())
            units += _units([group[place] for place in chosen], group, number, stretch, chance)
            number += 1
    return tuple(units)


def _groups(ordered: Sequence[Candidate], count: int) -> list[list[Candidate]]:
    """Runs of about equal work; fewer than `count` where a single video makes more of it."""
    ends = np.cumsum([video.work for video in ordered])
    groups: dict[int, list[Candidate]] = {}
    for video, end in zip(ordered, ends.tolist(), strict=True):
        groups.setdefault(min(count - 1, int((end - video.work / 2) / ends[-1] * count)), []).append(video)
    return list(groups.values())


def _units(
    chosen: Sequence[Candidate],
    group: Sequence[Candidate],
    stratum: int,
    stretch: float,
    chance: np.random.Generator,
) -> list[Unit]:
    lengths = [one.seconds if one.again else min(one.seconds, stretch) for one in chosen]
    seen = sum(lengths) / sum(one.seconds for one in group)
    return [
        Unit(
            candidate=one,
            stratum=stratum,
            weight=len(group) / len(chosen),
            seen=seen,
            start=None if length >= one.seconds else float(chance.uniform(0, one.seconds - length)),
            length=length,
        )
        for one, length in zip(chosen, lengths, strict=True)
    ]


def known(videos: Sequence[Candidate]) -> NDArray[np.float64]:
    """What is known of some videos: float64 [n, KNOWN]."""
    return np.array([video.known for video in videos], np.float64).reshape(len(videos), len(KNOWN))


def design_of(units: Sequence[Unit]) -> Design:
    """How the sample was drawn; the two kinds of work are domains."""
    return Design(
        stratum=np.array([unit.stratum for unit in units], np.int64),
        weight=np.array([unit.weight for unit in units], np.float64),
        seen=np.array([min(1.0, unit.seen) for unit in units], np.float64),
        domain=np.array([int(unit.candidate.again) for unit in units], np.int64),
    )
