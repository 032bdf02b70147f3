"""From decoded frames to small upright RGB images: what shot detectors, filters and models look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from vidcurate.errors import DecodeError
from vidcurate.records import BEAT_TOLERANCE, Fit, Frames, Sampling, VideoInfo
from vidcurate.timings import timed
from vidcurate.video.sdr import is_hdr, tone_mapper
from vidcurate.video.vectors import displacements


class Resize:
    """Scales frames of one video to one size: swscale's bicubic, `ffmpeg -s`, which TransNetV2 was trained on.

    Models know no HDR: PQ and HLG are tone-mapped, once they are small.

    Args:
        info: of the video; its rotation and display shape are applied.
        width: of the images.
        height: of the images.
        fit: `stretch` the displayed picture to width x height, scale it to cover that and `crop` the centre, or shrink
            it to lie `inside`, or to an `area` of at most as many pixels.
    """

    def __init__(self, info: VideoInfo, width: int, height: int, fit: Fit = "stretch") -> None:
        if fit == "inside":
            shrink = min(width / info.width, height / info.height, 1)
            width, height = (max(2, round(side * shrink / 2) * 2) for side in (info.width, info.height))
        elif fit == "area":
            shrink = min(1.0, (width * height / (info.width * info.height)) ** 0.5)
            width, height = (max(1, int(side * shrink)) for side in (info.width, info.height))
        self._width, self._height, self._turns = width, height, info.rotation // 90
        cover = max(width / info.width, height / info.height)
        scaled = (max(width, round(info.width * cover)), max(height, round(info.height * cover)))
        upright = scaled if fit == "crop" else (width, height)
        self._stored = upright[::-1] if self._turns % 2 else upright
        self._scaler = VideoReformatter()  # keeps its tables from frame to frame
        self._sdr = tone_mapper("rgb24")

    def __call__(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        """One image: uint8 [height, width, 3], RGB, upright."""
        try:
            form = frame.format.name if is_hdr(frame) else "rgb24"
            scaled = self._scaler.reformat(frame, *self._stored, form, interpolation=Interpolation.BICUBIC, threads=1)
            if is_hdr(frame):
                scaled.color_trc, scaled.color_primaries = frame.color_trc, frame.color_primaries
                scaled = self._sdr(scaled)
        except av.FFmpegError as error:
            raise DecodeError(f"a frame of {frame.format.name} cannot become RGB: {error.strerror}") from error
        upright = np.rot90(scaled.to_ndarray(), self._turns)
        top, left = (upright.shape[0] - self._height) // 2, (upright.shape[1] - self._width) // 2
        return np.ascontiguousarray(upright[top : top + self._height, left : left + self._width], np.uint8)


class Sampler:
    """Keeps those frames of one clip that somebody wants to see, not knowing how long the clip will be.

    Args:
        resizes: for every sampling, what brings frames to its size.
    """

    def __init__(self, resizes: Mapping[Sampling, Resize]) -> None:
        self._keepers = {
            want: _Candidates(want, resize) if want.count is not None else _Beats(want, resize)
            for want, resize in resizes.items()
        }

    def offer(self, index: int, time: float, frame: av.VideoFrame) -> None:
        """Look at the clip's frames, each once and in order; those that no sampling chooses may be left out.

        Args:
            index: of the frame in the clip.
            time: seconds from the clip's first frame.
            frame: as it was decoded.
        """
        for keeper in self._keepers.values():
            keeper.offer(index, time, frame)

    def frames(self, times: NDArray[np.float64]) -> dict[Sampling, Frames]:
        """What was chosen, once all frames have been offered.

        Args:
            times: float64 [n], seconds from the clip's first frame to each.

        Raises:
            DecodeError: some that are chosen have not been offered.
        """
        found = {}
        for want, keeper in self._keepers.items():
            chosen = want.choose(times)
            images = keeper.images(chosen.tolist())
            if not 0 < chosen.size == len(images):
                raise DecodeError(f"{len(images)} of {chosen.size} sampled frames were decoded")
            vectors = keeper.vectors(chosen.tolist()) if want.vectors else []
            found[want] = Frames(
                images=np.stack(images),
                times=times[chosen],
                indices=chosen,
                vectors=_alike(vectors) if vectors else None,
            )
        return found


class _Beats:
    """Frames at a rate: the first one at or after each beat, scaled at once."""

    def __init__(self, want: Sampling, resize: Resize) -> None:
        self._rate, self._resize, self._asks_vectors = want.fps or 0.0, resize, want.vectors
        self._start: float | None = None
        self._beat = -1
        self._kept: dict[int, NDArray[np.uint8]] = {}
        self._moved: dict[int, NDArray[np.float32] | None] = {}

    def offer(self, index: int, time: float, frame: av.VideoFrame) -> None:
        self._start = time if self._start is None else self._start
        beat = int((time - self._start) * self._rate + BEAT_TOLERANCE)
        if beat > self._beat:
            self._beat = beat
            with timed("sample"):
                self._kept[index] = self._resize(frame)
                if self._asks_vectors:
                    self._moved[index] = displacements(frame)

    def images(self, chosen: list[int]) -> list[NDArray[np.uint8]]:
        return [self._kept[index] for index in chosen if index in self._kept]

    def vectors(self, chosen: list[int]) -> list[NDArray[np.float32]]:
        return [moved for index in chosen if (moved := self._moved.get(index)) is not None]


class _Candidates:
    """A count of frames: every frame of a stride is held, which doubles whenever too many are."""

    def __init__(self, want: Sampling, resize: Resize) -> None:
        self._want, self._resize = want, resize
        self._held: dict[int, av.VideoFrame] = {}
        self._step = 1

    def offer(self, index: int, time: float, frame: av.VideoFrame) -> None:
        step = self._want.stride(index + 1)
        if step > self._step:
            self._step = step
            self._held = {index: held for index, held in self._held.items() if index % step == 0}
        if index % step == 0:
            self._held[index] = frame

    def images(self, chosen: list[int]) -> list[NDArray[np.uint8]]:
        return [self._resize(self._held[index]) for index in chosen if index in self._held]

    def vectors(self, chosen: list[int]) -> list[NDArray[np.float32]]:
        return [moved for index in chosen if (moved := displacements(self._held[index])) is not None]


def _alike(vectors: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """All vectors that have the shape of the first, for the size of a picture may change on the way."""
    return np.stack([moved for moved in vectors if moved.shape == vectors[0].shape])


def resizes(info: VideoInfo, samplings: Sequence[Sampling]) -> dict[Sampling, Resize]:
    """For every distinct sampling, what brings frames of a video to its size."""
    return {want: Resize(info, want.width, want.height, want.fit) for want in samplings}
