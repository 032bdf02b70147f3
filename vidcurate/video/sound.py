"""The sound of a video as one run of samples on the video's own clock, read forward in pieces of any length."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from vidcurate.video.container import frames, opened, sound
from vidcurate.video.timing import Timing

AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
"""Sample rates that AAC can store, in hertz."""

DRIFT = 0.02
"""Seconds by which timestamps may differ from the count of samples: containers round them, by 13 ms in the wild."""

MIXING = {"rematrix_maxval": "1.0"}
"""Options of the resampler: channels are mixed so that they never exceed full scale."""

Block = tuple[int, NDArray[np.float32]]
"""Number of the first sample, counted from the clock's zero, and float32 [channels, samples]."""


class Sound:
    """The first audio stream of a video. Where it has a hole, or damage, it is silent.

    Opens the file a second time, so that it may lie in the file at any distance from its picture.

    Attributes:
        rate: samples per second: the stream's own, or the nearest that AAC can store.
        layout: `mono`, or `stereo` for all streams of two or more channels.

    Args:
        path: a local path or a URL.
    """

    def __init__(self, path: str) -> None:
        self._container = opened(path)
        stream = sound(self._container)
        context = stream.codec_context if stream is not None else None
        self.rate = min(AAC_RATES, key=lambda rate: abs(rate - context.sample_rate)) if context else AAC_RATES[0]
        self.layout = "mono" if context and context.channels == 1 else "stereo"
        self._incoming = self._decode()
        self._blocks: deque[Block] = deque()  # decoded and not yet read

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def heard_from(self, tick: int, timing: Timing) -> Sound | None:
        """The sound itself, unless it ends before a tick of the clock that `timing` knows."""
        return self if self.goes_on(timing.sample(tick, self.rate)) else None

    def goes_on(self, start: int) -> bool:
        """Whether the stream has a sample at or after a number of samples since the clock's zero."""
        self._pull(start, start + 1)
        return bool(self._blocks)

    def read(self, start: int, end: int) -> NDArray[np.float32]:
        """The samples between two numbers, half-open; no later call may begin before this one.

        Returns:
            float32 [channels, end - start].
        """
        self._pull(start, end)
        piece = np.zeros((1 if self.layout == "mono" else 2, end - start), np.float32)
        for position, samples in self._blocks:
            first, last = max(start, position), min(end, position + samples.shape[1])
            if first < last:
                piece[:, first - start : last - start] = samples[:, first - position : last - position]
        return piece

    def _pull(self, start: int, end: int) -> None:
        """Decode until a block reaches `end`; forget those that do not reach past `start`."""
        while not self._blocks or _end(self._blocks[-1]) < end:
            block = next(self._incoming, None)
            if block is None:
                break
            self._blocks.append(block)
            self._forget(start)
        self._forget(start)

    def _forget(self, start: int) -> None:
        while self._blocks and _end(self._blocks[0]) <= start:
            self._blocks.popleft()

    def _decode(self) -> Iterator[Block]:
        stream = sound(self._container)
        form: tuple[int, str, str] | None = None
        convert, expected, shift = AudioResampler(), None, 0
        for frame in frames(self._container, stream) if stream is not None else ():
            if not isinstance(frame, av.AudioFrame):
                continue  # the timestamps of the next one tell how much is missing
            told = expected if frame.pts is None else round(frame.pts * (frame.time_base or 0) * self.rate) + shift
            if told is not None and expected is not None and told < expected - self.rate:
                shift += expected - told  # another recording begins; as in Clock
                told = expected
            told_form = (frame.sample_rate, frame.layout.name, frame.format.name)
            if expected is None or told is None or abs(told - expected) > DRIFT * self.rate or told_form != form:
                form, expected = told_form, told or 0
                convert = AudioResampler("fltp", self.layout, self.rate, options=MIXING)
            for samples in _converted(convert, frame):
                yield expected, samples
                expected += samples.shape[1]
        if expected is not None:
            for samples in _converted(convert, None):
                yield expected, samples


def _converted(convert: AudioResampler, frame: av.AudioFrame | None) -> list[NDArray[np.float32]]:
    try:
        parts = convert.resample(frame)
    except av.FFmpegError:
        return []  # samples that cannot be converted are a hole like any other
    return [part.to_ndarray().astype(np.float32, copy=False) for part in parts if part is not None]


def _end(block: Block) -> int:
    position, samples = block
    return position + int(samples.shape[1])
