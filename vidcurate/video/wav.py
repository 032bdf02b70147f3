"""The sound of a clip as plain samples beside it: WAV, 16 bits."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vidcurate.video.sound import Sound


class Wav:
    """A file of samples while it is written.

    Args:
        path: of the file.
        sound: whose rate and layout it has.
    """

    def __init__(self, path: Path, sound: Sound) -> None:
        self._path = path
        self._file = wave.open(str(path), "wb")  # noqa: SIM115  # closed by `close` or `discard`
        self._file.setparams((1 if sound.layout == "mono" else 2, 2, sound.rate, 0, "NONE", ""))

    def write(self, samples: NDArray[np.float32]) -> None:
        """Add samples, float32 [channels, n], -1 to 1."""
        levels = np.clip(np.rint(samples.T * 32767), -32768, 32767)
        self._file.writeframes(levels.astype("<i2").tobytes())

    def close(self) -> None:
        """Complete the file."""
        self._file.close()

    def discard(self) -> None:
        """Remove the file."""
        self._file.close()
        self._path.unlink(missing_ok=True)
