"""One pass over a video writes all of its clips, exact to the frame and to the sample, and samples them on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from itertools import pairwise, repeat
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import DecodeError, EncodeError
from vidcurate.records import Clip, CutClip, Sampling, VideoInfo
from vidcurate.video.decode import Decoding
from vidcurate.video.encode import ClipFile, Encoding
from vidcurate.video.sample import Sampler, resizes
from vidcurate.video.sound import Sound
from vidcurate.video.timing import Timing
from vidcurate.video.upright import Upright

Picture = tuple[int, av.VideoFrame]
"""Timestamp in ticks of the video's time base, and the decoded frame."""


def cut(
    path: str,
    info: VideoInfo,
    clips: Sequence[Clip],
    samplings: Sequence[Sampling],
    folder: Path,
    ticks: NDArray[np.int64],
    *,
    encoding: Encoding,
) -> Iterator[CutClip]:
    """Write clips of one video.

    Args:
        path: a local path or a URL.
        info: what `probe` said about it.
        clips: rising and disjoint.
        samplings: which frames of every clip are wanted, and at what size.
        folder: where `{clip.id}.mp4` goes.
        ticks: int64 [n], timestamps of all frames of the video as an earlier pass found them.
        encoding: settings of the encoders.

    Yields:
        each clip as soon as its file is complete, in order.

    Raises:
        DecodeError: the frames of a clip are not those of the earlier pass.
        EncodeError: a clip cannot be written, or the picture is too small for H.264.
    """
    audible = encoding.audio == "keep" and info.audio_codec is not None
    with Sound(path) if audible else nullcontext() as sound:
        pictures = Decoding(path, info, vectors=any(want.vectors for want in samplings))
        yield from write_clips(pictures, sound, info, clips, samplings, folder, ticks, encoding)


def write_clips(
    pictures: Iterable[Picture],
    sound: Sound | None,
    info: VideoInfo,
    clips: Sequence[Clip],
    samplings: Sequence[Sampling],
    folder: Path,
    ticks: NDArray[np.int64],
    encoding: Encoding,
) -> Iterator[CutClip]:
    """Frames in, clips out: `cut`, with the frames of the video from wherever they are decoded."""
    upright, sizes, feed = Upright(info), resizes(info, samplings), _Feed(pictures)
    for clip in clips:
        timing = Timing.of(clip, ticks)
        sampler = Sampler(sizes, timing.times)
        voice = sound if sound is not None and sound.is_heard(*timing.samples(sound.rate)[[0, -1]]) else None
        path = folder / f"{clip.id}.mp4"
        try:
            with ClipFile(
                path,
                encoding,
                size=(upright.width, upright.height),
                fps=timing.fps,
                clock=timing.clock,
                sound=(voice.rate, voice.layout) if voice is not None else None,
            ) as file:
                _fill(file, clip, timing, feed, upright, sampler, voice)
        except av.FFmpegError as error:
            raise EncodeError(f"{_name(clip)}: {error}") from error
        yield CutClip(
            clip=clip,
            path=str(path),
            width=upright.width,
            height=upright.height,
            num_frames=timing.num_frames,
            fps=float(timing.fps),
            codec="h264",
            num_bytes=path.stat().st_size,
            has_audio=voice is not None,
            frames=sampler.frames(),
        )


def _fill(
    file: ClipFile, clip: Clip, timing: Timing, feed: _Feed, upright: Upright, sampler: Sampler, voice: Sound | None
) -> None:
    stamps = timing.stamps.tolist()
    pieces = _pieces(voice, timing)
    for _ in feed.until(clip.span.start):
        pass
    expected, received, written = timing.ticks[:-1].tolist(), 0, 0
    for at, frame in feed.until(clip.span.end):
        if written < len(expected) and at == expected[written]:
            sampler.offer(written, frame)
            start, end = stamps[written : written + 2]
            file.add(upright(frame), start, end - start, next(pieces))
            written += 1
        received += 1
    if not received == written == len(expected):
        raise DecodeError(
            f"{_name(clip)}: {len(expected)} frames when its shot was found, {received} now, of which {written} agree "
            "with those; the file has changed, run again"
        )


def _name(clip: Clip) -> str:
    return f"clip {clip.id} ({clip.span.start_s:.3f} to {clip.span.end_s:.3f} s)"


def _pieces(voice: Sound | None, timing: Timing) -> Iterator[NDArray[np.float32] | None]:
    """For every frame of a clip the sound that is heard while it is shown."""
    if voice is None:
        return repeat(None)
    return (voice.read(start, end) for start, end in pairwise(timing.samples(voice.rate).tolist()))


class _Feed:
    """Frames that are taken up to a given tick, the rest being kept for the next taker."""

    def __init__(self, pictures: Iterable[Picture]) -> None:
        self._rest = iter(pictures)
        self._head = next(self._rest, None)

    def until(self, tick: int) -> Iterator[Picture]:
        while self._head is not None and self._head[0] < tick:
            picture, self._head = self._head, next(self._rest, None)
            yield picture
