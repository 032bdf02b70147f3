"""The one pass over a video's frames that everything uses, so that two passes show the same frames and timestamps."""

from __future__ import annotations

from collections.abc import Iterator

import av

from vidcurate.errors import DecodeError
from vidcurate.records import UNLIMITED, Limits, VideoInfo
from vidcurate.video import nvdec
from vidcurate.video.clock import Clock
from vidcurate.video.container import frames, opened, picture
from vidcurate.video.index import Since
from vidcurate.video.limits import Meter
from vidcurate.video.vectors import ask_for_vectors
from vidcurate.video.within import Within

MATRICES = frozenset({0, 1, 2, 4, 5, 6, 7, 9})
"""The `AVColorSpace` values that swscale converts; a frame with another one is treated as if it had not said."""

SHORT_BY = (0.5, 0.05)
"""Seconds and share of the duration that may be missing at the end where the container counts no frames: both are
exceeded before it is said, because the duration is also that of the sound."""


SEEK_MARGIN = 10
"""Seconds."""


class Decoding:
    """Iterable over the frames of a video; each iteration decodes it anew.

    Attributes:
        num_frames: frames shown so far.
        errors: damaged packets and frames that were skipped so far.
        repaired: timestamps that were missing or did not rise, so far.
        end: tick at which the last frame ends.

    Args:
        path: a local path, a URL, or a part of a file.
        info: what `probe` said about it.
        since: begin with a frame amid it, and insist that this and all later ones are those that it lists.
        vectors: whether frames come with the codec's motion vectors, which no hardware tells.
        hardware: whether the GPU decodes what it can.
        limits: what it may come to.
    """

    def __init__(
        self,
        path: str | Within,
        info: VideoInfo,
        since: Since | None = None,
        *,
        vectors: bool = False,
        hardware: bool = False,
        limits: Limits = UNLIMITED,
    ) -> None:
        self._path, self._info, self._since, self._vectors = path, info, since, vectors
        self._limits = limits
        self._accelerator = nvdec.accelerator(info) if hardware and not vectors else None
        self.num_frames = self.errors = self.repaired = self.end = self._start = 0

    def __iter__(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Timestamps in ticks of the stream's time base, strictly rising, and frames as they are stored.

        Raises:
            UnreadableVideo: the file has gone or changed since it was probed.
            DecodeError: not one frame can be decoded, or not those of `since`.
            OverLimit: it is more than its container has declared, and than it may be.
        """
        self.num_frames = self.errors = self.repaired = 0
        clock, since = Clock(self._info.time_base, self._info.fps), self._since
        meter, pixels = Meter(self._path, self._limits, self._info.time_base), self._limits.max_pixels
        with opened(self._path, self._accelerator, pixels) as container:
            stream = picture(container)
            if stream is not None and self._vectors:
                ask_for_vectors(stream)
            if since is not None:
                # Some seeks end after the wanted key frame, none by so much; what comes before it is not decoded.
                container.seek(since.key - int(SEEK_MARGIN / self._info.time_base), stream=stream)
            key = since.key if since is not None else None
            for frame in frames(container, stream, key, pixels) if stream is not None else ():
                if not isinstance(frame, av.VideoFrame):
                    self.errors += since is None or self.num_frames > 0
                    continue
                ticks = clock.place(frame.pts, frame.dts, frame.duration)
                if since is not None and ticks < since.ticks[since.index]:
                    continue
                if since is not None and ticks != self._listed(since):
                    raise DecodeError(f"{self._path}: a frame at tick {ticks}, where its packets list another")
                if not self.num_frames:
                    self._start = ticks
                self.num_frames += 1
                self.end, self.repaired = clock.end, clock.repaired
                meter.add(frame, self.end - self._start)
                if self._accelerator is not None:
                    frame = nvdec.plain(frame)
                if frame.colorspace not in MATRICES:
                    frame.colorspace = 2
                yield ticks, frame
        if not self.num_frames:
            raise DecodeError(
                f"{self._path}: no frame can be decoded, {self.errors} packets were tried; "
                "the stream is damaged, encrypted or empty"
            )

    def _listed(self, since: Since) -> int | None:
        number = since.index + self.num_frames
        return int(since.ticks[number]) if number < since.ticks.size else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is amiss with the pass that has just ended, one sentence each; empty for a healthy video."""
        promised, duration = self._info.num_frames, self._info.duration
        seconds = float((self.end - self._start) * self._info.time_base)
        found = []
        if self.num_frames < promised:
            found.append(f"decoded {self.num_frames} of {promised} frames")
        elif not promised and duration - seconds > max(SHORT_BY[0], SHORT_BY[1] * duration):
            found.append(f"decoded {seconds:.2f} of {duration:.2f} s")
        if self.errors:
            found.append(f"skipped {self.errors} damaged packets or frames")
        if self.repaired:
            found.append(f"repaired {self.repaired} timestamps")
        return tuple(found)
