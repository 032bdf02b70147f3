"""The sound of a clip that is being written: AAC, the same bytes whenever the samples are the same."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.codec.context import Flags
from av.container import OutputContainer
from numpy.typing import NDArray


class Voice:
    """The audio stream of a file. Every method raises `av.FFmpegError` where the encoder or the disk refuses.

    Args:
        container: of the file, before anything is written to it.
        rate: samples per second.
        layout: `mono` or `stereo`.
    """

    def __init__(self, container: OutputContainer, rate: int, layout: str) -> None:
        self._container, self._num_samples = container, 0
        self._stream = container.add_stream("aac", rate=rate)
        self._stream.codec_context.layout = layout
        self._stream.codec_context.flags |= Flags.bitexact

    def write(self, samples: NDArray[np.float32]) -> None:
        """Add samples, float32 [channels, n], to those before."""
        if not samples.size:
            return
        context = self._stream.codec_context
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=context.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = context.rate, self._num_samples, Fraction(1, context.rate)
        self._num_samples += samples.shape[1]
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what the encoder holds."""
        self._container.mux(self._stream.encode(None))
