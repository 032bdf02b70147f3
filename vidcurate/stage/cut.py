"""From a video to its finished clips in one decode: shots are found, clips written and proven, frames sampled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidcurate.errors import DecodeError, EncodeError
from vidcurate.records import UNLIMITED, Clip, CutClip, Limits, Sampling, Shot, Span, VideoInfo, Written
from vidcurate.registry import loaded
from vidcurate.splitter.base import Splitter, found
from vidcurate.splitter.spans import pieces
from vidcurate.stage.apart import apart
from vidcurate.stage.parts import Part
from vidcurate.stage.recut import Recut
from vidcurate.timings import each, timed
from vidcurate.transcoder.base import ClipWriter, Cutter, Transcoder
from vidcurate.video.ends import prove
from vidcurate.video.lookahead import Lookahead
from vidcurate.video.sample import Resize, Sampler, resizes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the pass over a video found.

    Attributes:
        num_frames: frames that were decoded.
        duration: seconds from the first frame to the end of the last.
        warnings: what is amiss with the stream, one sentence each.
    """

    num_frames: int
    duration: float
    warnings: tuple[str, ...]


class Cutting:
    """Iterable over the clips of one video, once, each as soon as its file is finished and proven.

    Attributes:
        found: what the pass found; known once all clips have been taken.

    Args:
        video_id: names the clips.
        path: the video's local file.
        info: what `probe` said about it.
        splitter: finds the shots and sets the lengths.
        transcoder: writes the clips.
        samplings: which frames of every clip are wanted, and at what size.
        folder: where `{clip.id}.mp4` goes.
        device: where models run.
        part: cut only the clips of those shots that begin in it.
        hardware: whether the GPU decodes what it can.
        threaded: whether a thread decodes and another one encodes while models work; None where those run on a GPU,
            for on a CPU they would only take its core from each other. What comes out is the same.
        limits: what the video may come to.
    """

    found: Found

    def __init__(
        self,
        video_id: str,
        path: str,
        info: VideoInfo,
        splitter: Splitter,
        transcoder: Transcoder,
        samplings: Sequence[Sampling],
        folder: Path,
        device: str,
        part: Part | None = None,
        *,
        hardware: bool = False,
        threaded: bool | None = None,
        limits: Limits = UNLIMITED,
    ) -> None:
        self._part, self._hardware, self._limits = part, hardware, limits
        self._threaded = device != "cpu" if threaded is None else threaded
        self._video_id, self._path, self._info, self._folder = video_id, path, info, folder
        self._splitter, self._transcoder, self._device = splitter, transcoder, device
        self._resizes = resizes(info, samplings)

    def __iter__(self) -> Iterator[CutClip]:
        """Decode the video and cut it.

        Raises:
            DecodeError: not one frame can be decoded.
            OverLimit: the video is more than it may be.
            EncodeError: a clip cannot be written, or not as it should be.
        """
        part = self._part
        since = part.since if part is not None else None
        vectors = any(want.vectors for want in self._resizes)
        kind = {"vectors": vectors, "hardware": self._hardware, "threaded": self._threaded}
        waits = self._splitter.waits(self._info.fps)
        frames = Lookahead(self._path, self._info, waits, since=since, limits=self._limits, **kind)
        with timed("shots"):
            shots = found(self._splitter, frames.thumbnails(self._splitter.thumbnail), self._device)
        if part is not None:
            shots = part.own(shots)
        parts = each("shots", pieces(shots, frames.borders, self._info.time_base, self._splitter))
        with (
            loaded(self._transcoder, self._device)(self._path, self._info) as writes,
            apart(writes) if self._threaded else nullcontext(writes) as cutter,
            Recut(self._path, self._info, self._transcoder.spare, self._device, since) as recut,
        ):
            for made, end in self._made(parts, frames, cutter):
                yield self._finished(made, end, recut)
        borders, decoding = frames.borders, frames.decoding
        if part is not None and decoding.errors:
            raise DecodeError(f"{self._path}: {decoding.errors} damaged packets; it is not cut in parts")
        self.found = Found(
            num_frames=len(borders) - 1,
            duration=float((borders[-1] - borders[0]) * self._info.time_base),
            warnings=decoding.warnings if part is None else (),
        )

    def _made(self, parts: Iterator[Shot], frames: Lookahead, cutter: Cutter) -> Iterator[tuple[_Making, int]]:
        """Clips whose frames have all been added, and the ticks at which they end."""
        making: _Making | None = None
        try:
            for piece in parts:
                frames.forget(piece.start if making is None else making.end)
                if piece.start == piece.end:
                    continue
                if making is None:
                    start, path = frames.borders[piece.start], self._folder / f"{piece.start}.mp4"
                    with timed("encode"):
                        writer = cutter.begin(path, start)
                    making = _Making(piece.start, path, writer, self._resizes, self._info)
                with timed("encode"):  # but for what decodes again or samples a frame on the way
                    making.extend(frames, piece.end)
                if not piece.open:
                    made, making = making, None
                    yield made, frames.borders[piece.end]
        finally:
            if making is not None:
                making.writer.discard()

    def _finished(self, made: _Making, end: int, recut: Recut) -> CutClip:
        proven, wrong = _proven(made.path, lambda: made.writer.finish(end))
        if proven is None and self._transcoder.spare != self._transcoder:
            log.info("%s, clip from frame %s: cut anew by %s: %s", self._path, made.path.stem, recut.name, wrong)
            proven, wrong = _proven(made.path, lambda: recut.cut(made.path, made.ticks, end))
        if proven is None:
            raise EncodeError(f"{made.path.name}: {wrong}") from wrong
        info = self._info
        clip = Clip.of(self._video_id, Span(start=made.ticks[0], end=end, time_base=info.time_base, origin=info.origin))
        path = made.path.rename(self._folder / f"{clip.id}.mp4")
        if (wav := made.path.with_suffix(".wav")).exists():
            wav.rename(path.with_suffix(".wav"))
        told, content_hash = proven
        with timed("sample"):
            frames = made.sampler.frames(np.array(made.times))
        return CutClip(clip=clip, path=str(path), file=told, content_hash=content_hash, frames=frames)


def _proven(path: Path, write: Callable[[], Written]) -> tuple[tuple[Written, str] | None, EncodeError | None]:
    """What was written and the hash of its coded frames, if it can be proven; else what is wrong with it."""
    try:
        with timed("encode"):
            told = write()
        with timed("prove"):
            return (told, prove(str(path), told)), None
    except EncodeError as error:
        return None, error


class _Making:
    """A clip while frames are added to it."""

    def __init__(
        self, start: int, path: Path, writer: ClipWriter, sizes: dict[Sampling, Resize], info: VideoInfo
    ) -> None:
        self.end, self.path, self.writer, self.sampler = start, path, writer, Sampler(sizes)
        self.ticks: list[int] = []
        self.times: list[float] = []
        self._time_base = info.time_base

    def extend(self, frames: Lookahead, end: int) -> None:
        for tick, frame in frames.take(self.end, end):
            self.ticks.append(tick)
            self.times.append(float((tick - self.ticks[0]) * self._time_base))
            self.sampler.offer(len(self.ticks) - 1, self.times[-1], frame)
            self.writer.add(tick, frame)
        self.end = max(self.end, end)
