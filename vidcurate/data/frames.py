"""From the bytes of a clip to the frames that a model sees."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import av
import numpy as np
import torch
from numpy.typing import NDArray

from vidcurate.errors import ConfigError, DecodeError
from vidcurate.video.container import frames as decoded
from vidcurate.video.container import picture
from vidcurate.video.contents import contents
from vidcurate.video.reread import torchcodec_decoder

Fit = Literal["crop", "stretch"]
TOLERANCE = 1e-6
"""Seconds by which a frame may begin after the moment at which it is asked for: timestamps are rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Which frames of a clip a model sees, and at what size.

    Attributes:
        frames: so many, shown at the middles of as many equal parts of the clip; with `fps`, at most so many. Where a
            clip has fewer, some come twice.
        fps: so many a second, from the first on.
        height: of the images in pixels; None leaves their size as it is.
        width: likewise.
        fit: cut the centre of the wanted shape out of the picture (`crop`), or `stretch` it.
        sizes: height and width of clips whose bin of aspect it names, e.g. `{"9_16": (448, 256)}`.
        scale: whether images are float32 in [0, 1]; else they are uint8.
        device: decodes and resizes, e.g. `cpu` or `cuda:0`.
    """

    frames: int | None = 16
    fps: float | None = None
    height: int | None = None
    width: int | None = None
    fit: Fit = "crop"
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    scale: bool = False
    device: str = "cpu"

    def __post_init__(self) -> None:
        problems = []
        if self.frames is None and self.fps is None:
            problems.append("frames=None, fps=None: give one of them")
        if self.frames is not None and self.frames < 1:
            problems.append(f"frames={self.frames!r}: expected 1 or more")
        if self.fps is not None and not self.fps > 0:
            problems.append(f"fps={self.fps!r}: expected a rate above 0")
        if (self.height is None) != (self.width is None):
            problems.append(f"height={self.height!r}, width={self.width!r}: give both, or neither")
        if self.fit not in get_args(Fit):
            problems.append(f"fit={self.fit!r}: expected one of {', '.join(get_args(Fit))}")
        if problems:
            raise ConfigError(problems)

    def __call__(self, clip: bytes, aspect: str = "") -> torch.Tensor:
        """Frames of a clip.

        Args:
            clip: a whole video file.
            aspect: its bin.

        Returns:
            uint8, or float32 in [0, 1], [frames, 3, height, width], RGB.

        Raises:
            DecodeError: it cannot be decoded.
        """
        decoder = torchcodec_decoder()
        images = self._by_torchcodec(decoder, clip) if decoder is not None else self._by_pyav(clip)
        height, width = self.sizes.get(aspect, (self.height, self.width))
        if height is not None and width is not None:
            images = self._resized(images, height, width)
        return images.float().div_(255) if self.scale else images

    def _moments(self, start: float, end: float) -> NDArray[np.float64]:
        """Seconds at which frames are looked at, of a clip that is shown from `start` to `end`."""
        if self.fps is None:
            count = self.frames or 0
            return start + (np.arange(count) + 0.5) / count * (end - start)
        count = max(1, int(np.ceil((end - start) * self.fps - TOLERANCE)))
        moments = start + np.arange(min(count, self.frames or count)) / self.fps + TOLERANCE
        return np.clip(moments, start, np.nextafter(end, start))

    def _by_torchcodec(self, decoder: type, clip: bytes) -> torch.Tensor:
        try:
            video = decoder(clip, num_ffmpeg_threads=1, device=self.device)
            start, end = video.metadata.begin_stream_seconds, video.metadata.end_stream_seconds
            images: torch.Tensor = video.get_frames_played_at(self._moments(start, end).tolist()).data
        except (IndexError, RuntimeError, ValueError) as error:
            raise DecodeError(str(error).strip().partition("\n")[0]) from error
        return images

    def _by_pyav(self, clip: bytes) -> torch.Tensor:
        try:
            with av.open(io.BytesIO(clip), "r") as container:
                stream = picture(container)
                ticks = contents(container, stream).ticks if stream is not None else np.empty(0, np.int64)
            if not ticks.size:
                raise DecodeError("no video stream, or no frame in it")
            with av.open(io.BytesIO(clip), "r") as container:
                return self._decoded(container, ticks)
        except av.FFmpegError as error:
            raise DecodeError(error.strerror) from error

    def _decoded(self, container: av.container.InputContainer, ticks: NDArray[np.int64]) -> torch.Tensor:
        stream = picture(container) or container.streams.video[0]
        times = ticks * float(stream.time_base or 0)
        end = times[-1] + (times[-1] - times[0]) / max(1, times.size - 1)
        wanted = ticks[np.maximum(np.searchsorted(times, self._moments(times[0], end), "right") - 1, 0)].tolist()
        images: dict[int, NDArray[np.uint8]] = {}
        for frame in decoded(container, stream):
            if isinstance(frame, av.VideoFrame) and frame.pts is not None and frame.pts in wanted:
                images[frame.pts] = np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)
                if frame.pts == wanted[-1]:
                    break
        missing = set(wanted) - set(images)
        if missing:
            raise DecodeError(f"{len(missing)} of {len(set(wanted))} frames cannot be decoded")
        upright = torch.from_numpy(np.stack([images[tick] for tick in wanted]))
        return upright.permute(0, 3, 1, 2).to(self.device)

    def _resized(self, images: torch.Tensor, height: int, width: int) -> torch.Tensor:
        if self.fit == "crop":
            high, wide = images.shape[-2:]
            cut_high, cut_wide = min(high, round(wide * height / width)), min(wide, round(high * width / height))
            top, left = (high - cut_high) // 2, (wide - cut_wide) // 2
            images = images[..., top : top + cut_high, left : left + cut_wide]
        if images.shape[-2:] == (height, width):
            return images
        given = images if images.device.type == "cpu" else images.float()  # CUDA has no uint8 kernel
        # The kernel for images whose colours lie side by side, as decoders give them, is four times as fast.
        given = given.contiguous(memory_format=torch.channels_last)
        resized = torch.nn.functional.interpolate(given, (height, width), mode="bilinear", antialias=True)
        return resized.round().clamp(0, 255).to(torch.uint8) if resized.is_floating_point() else resized
