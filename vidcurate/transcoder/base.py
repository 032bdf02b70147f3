"""What a transcoder is: it writes clips of one video as files, from frames that are handed to it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from vidcurate.records import VideoInfo, Written
from vidcurate.registry import Component, settings

if TYPE_CHECKING:
    import av


class ClipWriter(Protocol):
    """One clip while it is written."""

    def add(self, tick: int, frame: av.VideoFrame) -> None:
        """Take its next frame.

        Args:
            tick: timestamp in ticks of the source's time base, rising.
            frame: as it was decoded. It may be used after the call, by others too, and is not to be changed.

        Raises:
            EncodeError: it cannot be written.
        """

    def finish(self, end: int) -> Written:
        """Complete the file, once all frames have been added.

        Args:
            end: tick at which the last frame ends.

        Raises:
            EncodeError: the file cannot be completed; it is removed.
        """

    def discard(self) -> None:
        """Remove the unfinished file."""


class Cutter(Protocol):
    """Writes clips of one video, one after the other."""

    def begin(self, path: Path, start: int) -> ClipWriter:
        """Begin a clip.

        Args:
            path: where its file goes.
            start: timestamp of its first frame in ticks of the source's time base, after the end of the clip before.

        Raises:
            EncodeError: no file can be written there.
        """


Open = Callable[[str, VideoInfo], AbstractContextManager[Cutter]]
"""(path of the video, its info) -> what writes its clips. Each file holds exactly the frames that are added."""


@settings
class Transcoder(Component):
    """How clips are written."""

    kind: ClassVar[str] = "transcoder"

    @property
    def spare(self) -> Transcoder:
        """What cuts a clip anew that this one has spoilt."""
        return self

    @abstractmethod
    def load(self, device: str) -> Open:
        """The function that opens a video for cutting; hardware encoders use `device`."""
