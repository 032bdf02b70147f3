"""Sampled frames of a finished clip, for a later run that wants to see what no earlier one has kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import Colorspace
from numpy.typing import NDArray

from vidcurate.errors import DecodeError
from vidcurate.records import Frames, Sampling, VideoInfo
from vidcurate.timings import each
from vidcurate.video.container import opened, picture
from vidcurate.video.contents import contents
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe
from vidcurate.video.sample import Sampler, resizes

log = logging.getLogger(__name__)


def reread(path: str, samplings: Sequence[Sampling]) -> dict[Sampling, Frames]:
    """Decode a finished clip again, with torchcodec where it can be loaded, else with PyAV.

    Their images differ by a grey level or two on average, for torchcodec makes RGB before they are scaled.

    Args:
        path: a local clip as a transcoder wrote it.
        samplings: which frames are wanted, and at what size.

    Raises:
        UnreadableVideo: the file is no video.
        DecodeError: the file is damaged.
    """
    info, times = probe(path), _times(path)
    if times.size < info.num_frames:
        raise DecodeError(
            f"{path}: {times.size} of {info.num_frames} frames are there; the clip is cut off, make it again"
        )
    sampler = Sampler(resizes(info, samplings))
    vectors = any(want.vectors for want in samplings)  # which torchcodec does not tell
    decoder = None if vectors else torchcodec_decoder()
    chosen = sorted({int(index) for want in samplings for index in want.choose(times)})
    shown = _all_frames(path, info, vectors) if decoder is None else _frames(path, decoder, chosen)
    for index, frame in each("decode", shown):
        sampler.offer(index, float(times[index]), frame)
    return sampler.frames(times)


@lru_cache(maxsize=1)
def torchcodec_decoder() -> Any | None:
    """The class `VideoDecoder` of torchcodec; None, and one line in the log, where it cannot be loaded."""
    try:
        from torchcodec.decoders import VideoDecoder
    except (ImportError, OSError, RuntimeError) as error:
        reason = str(error).strip().partition("\n")[0]
        log.info("clips are re-read by PyAV: torchcodec, which needs the system's FFmpeg, does not load (%s)", reason)
        return None
    return VideoDecoder


def _times(path: str) -> NDArray[np.float64]:
    """Seconds from the first frame to each, as the container lists them."""
    with opened(path) as container:
        stream = picture(container)
        if stream is None or stream.time_base is None:
            raise DecodeError(f"{path}: no video stream")
        ticks = contents(container, stream).ticks
        return np.asarray((ticks - ticks[:1]) * float(stream.time_base), np.float64)


def _all_frames(path: str, info: VideoInfo, vectors: bool) -> Iterator[tuple[int, av.VideoFrame]]:
    for index, (_, frame) in enumerate(Decoding(path, info, vectors=vectors)):
        yield index, frame


def _frames(path: str, decoder: Any, indices: list[int]) -> Iterator[tuple[int, av.VideoFrame]]:
    try:
        video = decoder(str(Path(path).absolute()), dimension_order="NHWC")
        for index in indices:
            frame = av.VideoFrame.from_ndarray(video[index].numpy())
            # With colour at half resolution, which is how PyAV's frames are scaled, the images agree best.
            yield index, frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU601)
    except (IndexError, RuntimeError) as error:
        raise DecodeError(f"{path}: {error}") from error
