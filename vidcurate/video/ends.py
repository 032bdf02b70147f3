"""Whether a finished clip shows what it should: its first and last frame are decoded again and compared.

An encoder's or a muxer's good exit proves nothing: a cut may show grey, stale or too many frames without an error.
"""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from vidcurate.errors import EncodeError, UnreadableVideo
from vidcurate.records import ENDS, Written
from vidcurate.video.container import opened, picture, sound
from vidcurate.video.contents import contents

MAX_DIFFERENCE = 12
"""Grey levels of 255 by which a picture of `ENDS` pixels may differ on average: coarse quantisers stay below 6, another
shot is beyond 20."""

WITHIN = 1e-3
"""Seconds by which a timestamp may differ: the clocks of containers are coarser than those of sources."""

AUDIO_WITHIN = 0.1
"""Seconds by which the sound may be shorter or longer than the picture; AAC counts in blocks of 23 to 128 ms."""


def small(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """A frame as it is stored, at `ENDS` pixels: uint8 [height, width, 3], RGB."""
    image = frame.reformat(*ENDS, "rgb24", interpolation=Interpolation.AREA).to_ndarray()
    return np.asarray(image, np.uint8)


def prove(path: str, told: Written) -> str:
    """Make sure that a clip's file is as it should be.

    Args:
        path: a local file, just written.
        told: what must be in it.

    Returns:
        The hash of its coded frames.

    Raises:
        EncodeError: what is wrong with it.
    """
    try:
        with opened(path) as container:
            stream = picture(container)
            if stream is None or stream.time_base is None:
                raise EncodeError("it holds no video")
            held = contents(container, stream)
            wrong = _flaw(path, container, stream.time_base, held.ticks.tolist(), told)
    except (av.FFmpegError, UnreadableVideo) as error:
        raise EncodeError(f"it cannot be read again ({error})") from error
    if wrong is not None:
        raise EncodeError(wrong)
    return held.digest


def _flaw(path: str, container: InputContainer, time_base: Fraction, shown: list[int], told: Written) -> str | None:
    if len(shown) != told.num_frames:
        return f"{len(shown)} frames are in it, {told.num_frames} were written"
    last = float((shown[-1] - shown[0]) * time_base)
    if abs(last - told.last) > WITHIN:
        return f"its last frame is shown at {last:.4f} s, not at {told.last:.4f} s"
    voice = sound(container)
    if (voice is not None) != told.has_audio:
        return "its sound is missing" if told.has_audio else "it has a sound of its own"
    if voice is not None and abs(float((voice.duration or 0) * (voice.time_base or 0)) - told.duration) > AUDIO_WITHIN:
        return f"its sound does not last {told.duration:.3f} s"
    for name, at, expected in zip(("first", "last"), (shown[0], shown[-1]), told.ends, strict=True):
        found = _shown_at(path, at)
        if found is None:
            return f"its {name} frame cannot be decoded"
        difference = np.abs(small(found).astype(np.int16) - expected).mean()
        if difference > MAX_DIFFERENCE:
            return f"its {name} frame is another picture (they differ by {difference:.0f} grey levels on average)"
    return None


def _shown_at(path: str, pts: int) -> av.VideoFrame | None:
    """The frame with a timestamp, decoded from the key frame before it; if possible without frames of no use."""
    for skip in ("NONREF", "DEFAULT"):
        with opened(path) as container:
            stream = container.streams.video[0]
            stream.codec_context.skip_frame = skip
            container.seek(pts, stream=stream)
            for frame in container.decode(stream):
                if frame.pts == pts:
                    return frame
                if frame.pts is not None and frame.pts > pts:
                    break
    return None
