"""From decoded frames to small upright RGB images: what shot detectors, filters and models look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from vidcurate.errors import DecodeError
from vidcurate.records import Frames, Sampling, VideoInfo
from vidcurate.video.decode import Decoding
from vidcurate.video.vectors import displacements


class Resize:
    """Scales frames of one video to one size: swscale's bicubic, `ffmpeg -s`, which TransNetV2 was trained on.

    Args:
        info: of the video; its rotation and display shape are applied.
        width: of the images.
        height: of the images.
        fit: `stretch` the displayed picture to width x height, or scale it to cover that and `crop` the centre.
    """

    def __init__(self, info: VideoInfo, width: int, height: int, fit: Literal["stretch", "crop"] = "stretch") -> None:
        self._width, self._height, self._turns = width, height, info.rotation // 90
        cover = max(width / info.width, height / info.height)
        scaled = (max(width, round(info.width * cover)), max(height, round(info.height * cover)))
        upright = (width, height) if fit == "stretch" else scaled
        self._stored = upright[::-1] if self._turns % 2 else upright
        self._scaler = VideoReformatter()  # keeps its tables from frame to frame

    def __call__(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        """One image: uint8 [height, width, 3], RGB, upright."""
        try:
            scaled = self._scaler.reformat(
                frame, *self._stored, "rgb24", interpolation=Interpolation.BICUBIC, threads=1
            )
        except av.FFmpegError as error:
            raise DecodeError(f"a frame of {frame.format.name} cannot become RGB: {error.strerror}") from error
        upright = np.rot90(scaled.to_ndarray(), self._turns)
        top, left = (upright.shape[0] - self._height) // 2, (upright.shape[1] - self._width) // 2
        return np.ascontiguousarray(upright[top : top + self._height, left : left + self._width], np.uint8)


class Sampler:
    """Keeps those frames of one clip that somebody wants to see.

    Args:
        resizes: for every sampling, what brings frames to its size.
        times: float64 [n], seconds from the clip's first frame to each.
    """

    def __init__(self, resizes: Mapping[Sampling, Resize], times: NDArray[np.float64]) -> None:
        self._resizes, self._times = resizes, times
        self._chosen = {want: want.choose(times) for want in resizes}
        self._images: dict[Sampling, list[NDArray[np.uint8]]] = {want: [] for want in resizes}
        self._vectors: dict[Sampling, list[NDArray[np.float32]]] = {want: [] for want in resizes if want.vectors}

    @property
    def indices(self) -> list[int]:
        """Indices of all frames that are wanted, rising."""
        return sorted({int(index) for chosen in self._chosen.values() for index in chosen})

    def offer(self, index: int, frame: av.VideoFrame) -> None:
        """Look at the clip's frames, each once and in order."""
        for want, resize in self._resizes.items():
            position = len(self._images[want])
            if position < self._chosen[want].size and self._chosen[want][position] == index:
                self._images[want].append(resize(frame))
                if want.vectors and (moved := displacements(frame)) is not None:
                    self._vectors[want].append(moved)

    def frames(self) -> dict[Sampling, Frames]:
        """What was kept, once all frames have been offered.

        Raises:
            DecodeError: some that were chosen have not been offered.
        """
        for want, chosen in self._chosen.items():
            if not 0 < chosen.size == len(self._images[want]):
                raise DecodeError(f"{len(self._images[want])} of {chosen.size} sampled frames were decoded")
        return {
            want: Frames(
                images=np.stack(self._images[want]), times=self._times[chosen], vectors=_alike(self._vectors.get(want))
            )
            for want, chosen in self._chosen.items()
        }


def _alike(vectors: list[NDArray[np.float32]] | None) -> NDArray[np.float32] | None:
    """All vectors that have the shape of the first, for the size of a picture may change on the way."""
    return np.stack([moved for moved in vectors if moved.shape == vectors[0].shape]) if vectors else None


def resizes(info: VideoInfo, samplings: Sequence[Sampling]) -> dict[Sampling, Resize]:
    """For every distinct sampling, what brings frames of a video to its size."""
    return {want: Resize(info, want.width, want.height, want.fit) for want in samplings}


class Thumbnails:
    """Iterable over (seconds from the first frame, small image) of every frame of a video, for shot detection.

    Attributes:
        decoding: the pass, with its counts, its `end` and its `warnings`.

    Args:
        path: a local path or a URL.
        info: what `probe` said about it.
        size: (width, height) of the images; None gives empty images.
    """

    def __init__(self, path: str, info: VideoInfo, size: tuple[int, int] | None) -> None:
        self.decoding = Decoding(path, info)
        self._info, self._size = info, size
        self._ticks: list[int] = []

    def __iter__(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Decode the video; the images are uint8 [height, width, 3], RGB, or [0, 0, 3].

        Raises:
            DecodeError: not one frame can be decoded.
        """
        self._ticks.clear()
        resize = Resize(self._info, *self._size) if self._size else None
        nothing = np.empty((0, 0, 3), np.uint8)
        for ticks, frame in self.decoding:
            self._ticks.append(ticks)
            yield float((ticks - self._ticks[0]) * self._info.time_base), resize(frame) if resize else nothing

    @property
    def ticks(self) -> NDArray[np.int64]:
        """Timestamps of all frames seen so far: int64 [n], in ticks of the video's time base, rising."""
        return np.array(self._ticks, np.int64)
