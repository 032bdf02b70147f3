"""A clip that its transcoder has spoilt is cut anew by another, from frames that are decoded again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from vidcurate.errors import DecodeError
from vidcurate.records import VideoInfo, Written
from vidcurate.registry import loaded
from vidcurate.timings import each
from vidcurate.transcoder.base import Cutter, Transcoder
from vidcurate.video.decode import Decoding
from vidcurate.video.index import Since

if TYPE_CHECKING:
    import av


class Recut:
    """Cuts single clips of one video, in order; opens it when the first one is asked for. To be used in a `with`.

    Attributes:
        name: of the transcoder.

    Args:
        path: the video's local file.
        info: what `probe` said about it.
        transcoder: writes the clips.
        device: where hardware encoders are.
        since: where to begin in the video; None is its start.
    """

    def __init__(self, path: str, info: VideoInfo, transcoder: Transcoder, device: str, since: Since | None) -> None:
        self.name = transcoder.name
        self._frames = each("decode", Decoding(path, info, since))
        self._path, self._info, self._transcoder, self._device = path, info, transcoder, device
        self._open = ExitStack()
        self._cutter: Cutter | None = None

    def __enter__(self) -> Recut:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def cut(self, path: Path, ticks: Sequence[int], end: int) -> Written:
        """Write a clip.

        Args:
            path: of its file.
            ticks: timestamps of its frames.
            end: tick at which the last one ends.

        Raises:
            DecodeError: the frames are not there any more.
            EncodeError: it cannot be written.
        """
        if self._cutter is None:
            opened: AbstractContextManager[Cutter] = loaded(self._transcoder, self._device)(self._path, self._info)
            self._cutter = self._open.enter_context(opened)
        writer = self._cutter.begin(path, ticks[0])
        try:
            for tick, frame in self._between(ticks):
                writer.add(tick, frame)
        except BaseException:
            writer.discard()
            raise
        return writer.finish(end)

    def _between(self, ticks: Sequence[int]) -> Iterator[tuple[int, av.VideoFrame]]:
        wanted = iter(ticks)
        for tick, frame in self._frames:
            if tick < ticks[0]:
                continue
            if tick != next(wanted, None):
                raise DecodeError(f"{self._path}: another frame at tick {tick} than before; the file has changed")
            yield tick, frame
            if tick == ticks[-1]:
                return
