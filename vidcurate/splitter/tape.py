"""A video as splitters see it, kept: it is looked at once, and splitters are tried on that with any thresholds.

Shots are made by the splitters' own code, which is only shown what was seen before: what the detectors of PySceneDetect
measured, what the network answered, what the closer looks showed. So they are the shots of the video itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import ConfigError
from vidcurate.records import Shot, Thumbnail
from vidcurate.splitter.base import Splitter
from vidcurate.splitter.cuts import CutSplitter, cuts, shots_between
from vidcurate.splitter.looks import GRID, RATE, SIDE, Looks, by_network, looked_at
from vidcurate.splitter.transnetv2 import TransNetV2

if TYPE_CHECKING:
    from vidcurate.model.transnetv2 import Judge, Network, Scores

Image = NDArray[np.uint8]
Sight = tuple[object, ...]
"""What decides what is seen of a video: the kind of splitter and settings that are no thresholds."""

NETWORK = (48, 27)
"""Width and height of the pictures that the network is shown, and `fused` beside it."""


def is_kept(splitter: Splitter) -> bool:
    """Whether a tape can keep what such a splitter sees."""
    return isinstance(splitter, CutSplitter | TransNetV2)


class Tape:
    """What splitters see of one video.

    Args:
        thumbnails: every frame of the video, once; their own size does not matter.
        splitters: all that will be tried, each with one choice of its thresholds.
        device: where models run.

    Raises:
        ConfigError: what one of them sees cannot be kept.
    """

    def __init__(self, thumbnails: Iterable[Thumbnail], splitters: Iterable[Splitter], device: str) -> None:
        asked = {_sight(splitter): splitter for splitter in splitters}
        watchers = {sight: _Watcher(one) for sight, one in asked.items() if isinstance(one, CutSplitter)}
        self._device = device
        self._times: list[float] = []
        self._images: list[Image] = []
        self._small: list[Image] = []
        self._closer: list[Image] = []
        self._vectors: list[NDArray[np.float32]] = []
        beat = -1
        for thumbnail in thumbnails:
            for watcher in watchers.values():
                watcher.see(thumbnail)
            self._times.append(thumbnail.time)
            self._images.append(thumbnail.view(*NETWORK))
            self._small.append(thumbnail.view(*GRID))
            if int(thumbnail.time * RATE + 1e-6) > beat:  # as `Looks` chooses
                beat = int(thumbnail.time * RATE + 1e-6)
                self._closer.append(thumbnail.view(SIDE, SIDE))
        self._seen: dict[Sight, list[Any]] = {sight: watcher.seen for sight, watcher in watchers.items()}
        for sight, splitter in asked.items():
            if isinstance(splitter, TransNetV2):
                self._seen[sight] = self._answers(splitter)

    @property
    def frames(self) -> int:
        """Of the video."""
        return len(self._times)

    def shots(self, splitter: Splitter) -> tuple[Shot, ...]:
        """The shots that a splitter finds in the video; the splitter is one of those, with any thresholds."""
        seen = self._seen[_sight(splitter)]
        if isinstance(splitter, CutSplitter):
            return self._looked_at(splitter, lambda thumbnails: _found(splitter, seen, thumbnails))
        if isinstance(splitter, TransNetV2):
            return self._looked_at(splitter, splitter.by(_Played(seen)))
        raise AssertionError  # `_sight` knows no others

    def _answers(self, splitter: TransNetV2) -> list[Scores]:
        """What the network says as the frames come."""
        from vidcurate.model import transnetv2

        recorder = _Recorder(transnetv2.pretrained(self._device, splitter.backend, splitter.precision))
        for _ in transnetv2.score(recorder, self._images):
            pass
        return recorder.answers

    def _looked_at(
        self, splitter: Splitter, detect: Callable[[Iterable[Thumbnail]], Iterator[Shot]]
    ) -> tuple[Shot, ...]:
        shots: Iterator[Shot]
        if splitter.recheck or splitter.stitch is not None:
            if not self._vectors:
                vector = by_network(self._device)
                self._vectors = [vector(image) for image in self._closer]
            answers = iter(self._vectors)
            looks = Looks(self._thumbnails(), self._device, lambda _: next(answers))
            shots = looked_at(splitter, detect(looks), looks)
        else:
            shots = detect(self._thumbnails())
        return tuple(shot for shot in shots if not shot.open)

    def _thumbnails(self) -> Iterator[Thumbnail]:
        nothing = np.empty((0, 0, 3), np.uint8)
        for time, image, small in zip(self._times, self._images, self._small, strict=True):
            views = {NETWORK: image, GRID: small, (SIDE, SIDE): nothing}
            yield Thumbnail(time, image, lambda width, height, views=views: views[width, height])  # type: ignore[misc]  # the default binds it


def _sight(splitter: Splitter) -> Sight:
    if isinstance(splitter, CutSplitter):
        return type(splitter), *(getattr(splitter, name) for name in splitter.sight)
    if isinstance(splitter, TransNetV2):  # `fused` asks the same network
        return TransNetV2, splitter.backend, splitter.precision
    raise ConfigError([f"splitter={splitter.name}: what it sees cannot be kept; take one that looks at pictures"])


class _Watcher:
    """Writes down what a detector of PySceneDetect sees, in the order in which it looks."""

    def __init__(self, splitter: CutSplitter) -> None:
        self.seen: list[Any] = []
        self._size, detector = splitter.thumbnail or NETWORK, splitter.detector()
        look = getattr(detector, splitter.looks_by)
        setattr(detector, splitter.looks_by, lambda *given, **named: self._keep(look(*given, **named)))
        self._frames = _Fed()
        self._cuts = cuts(detector, self._frames)

    def see(self, thumbnail: Thumbnail) -> None:
        self._frames.next = thumbnail._replace(image=thumbnail.view(*self._size))
        next(self._cuts)

    def _keep(self, seen: Any) -> Any:
        self.seen.append(seen)
        return seen


class _Fed:
    """Frames that are handed in one at a time."""

    next: Thumbnail

    def __iter__(self) -> Iterator[Thumbnail]:
        while True:
            yield self.next


def _found(splitter: CutSplitter, seen: Sequence[Any], thumbnails: Iterable[Thumbnail]) -> Iterator[Shot]:
    """Shots by a detector that is told what it has seen; it looks in the same order whatever its thresholds."""
    detector, answers = splitter.detector(), iter(seen)
    setattr(detector, splitter.looks_by, lambda *_, **__: next(answers))
    return shots_between(cuts(detector, thumbnails))


class _Recorder:
    """A network that writes down what it answers about one video."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.answers: list[Scores] = []

    def stream(self) -> Judge:
        self._judge = self._network.stream()
        return self

    def push(self, frames: Image) -> Scores:
        self.answers.append(self._judge.push(frames))
        return self.answers[-1]

    def end(self) -> Scores:
        self.answers.append(self._judge.end())
        return self.answers[-1]


class _Played:
    """Answers in the order in which they were given."""

    def __init__(self, answers: Sequence[Scores]) -> None:
        self._answers = iter(answers)

    def stream(self) -> Judge:
        return self

    def push(self, frames: Image) -> Scores:
        return next(self._answers)

    def end(self) -> Scores:
        return next(self._answers)
