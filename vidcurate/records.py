"""Small frozen records that pass between the stages; pixels travel as arrays, everything else as Arrow tables."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vidcurate.errors import ShapeError

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://vidcurate.dev")
"""Root of every id, so that ids of other tools never collide with ours."""

Fit = Literal["stretch", "crop", "inside", "area"]
"""How pictures are brought to a size; see `Sampling`."""

OnBad = Literal["fail", "drop"]
"""What becomes of rows whose vectors cannot be used: the run fails, or they are left out and recorded."""

Retry = Literal["failed"]
"""What a split may be limited to: inputs that have failed before."""

Listed = Literal["remove", "keep"]
"""What a bare list of ids that a dedup has left is of."""

CANDIDATES = 4
"""Frames that are kept for every one that a sampling wants, until it is known how long the clip is."""

BEAT_TOLERANCE = 1e-6
"""Share of a period by which a frame may come before its beat."""

ENDS = (32, 18)
"""Width and height of the pictures by which a clip's first and last frame are recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """One input of a run.

    Attributes:
        id: uuid5 of the content, whatever the path; see `vidcurate.source.identity`.
        uri: stable name of the input: the path relative to the source, or the URL as it was listed.
        path: what opens it: an absolute path or a URL.
        size_bytes: size of the file.
        license: under which it may be used; empty where nobody says.
    """

    id: str
    uri: str
    path: str
    size_bytes: int
    license: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Names of the columns of foreign embeddings; None finds a column by the names that are usual for it.

    Attributes:
        id: of the column of ids.
        embedding: of the column of vectors.
        source: of the column that says from which video or collection a row comes.
    """

    id: str | None = None
    embedding: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """What of a dataset was made elsewhere: by NeMo Curator, by cosmos-curate, or under another root.

    Attributes:
        clips: root of the dataset whose clips are packed; None for those of the dataset that is made.
        decisions: what a dedup has left; None for that of the dataset that is made, or else of `clips`.
        caption_key: `qwen` takes the `qwen_caption` of windows; None the first that all have.
        unique_ids: what a list `unique_ids_{eps}.parquet` is of, which it does not say itself.
    """

    clips: str | None = None
    decisions: str | None = None
    caption_key: str | None = None
    unique_ids: Listed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a video of a stranger's may ask of this machine; None is no limit.

    Attributes:
        max_pixels: of one picture.
        max_duration: seconds.
        max_decoded_bytes: of all its frames together, at three bytes a pixel.
    """

    max_pixels: int | None = None
    max_duration: float | None = None
    max_decoded_bytes: int | None = None


UNLIMITED = Limits()
"""For what we have made ourselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInfo:
    """What the container says about a video, before any frame is decoded.

    Attributes:
        width: display width in pixels, rotation and sample aspect ratio applied.
        height: display height in pixels, likewise.
        rotation: degrees counter-clockwise by which frames must be turned to stand upright: 0, 90, 180 or 270.
        fps: average frame rate; 0.0 where the container does not say.
        duration: seconds; 0.0 where the container does not say.
        num_frames: frames that the container promises; 0 where it does not say.
        codec: FFmpeg's name of the video codec, e.g. `h264`.
        pixel_format: FFmpeg's name, e.g. `yuv420p10le`.
        audio_codec: FFmpeg's name, or None without an audio stream.
        bit_rate: bits per second of the whole file; 0 where unknown.
        time_base: seconds per tick of the video stream.
        origin: container start in ticks of `time_base`; players show this instant as 0 s.
    """

    width: int
    height: int
    rotation: Literal[0, 90, 180, 270]
    fps: float
    duration: float
    num_frames: int
    codec: str
    pixel_format: str
    audio_codec: str | None
    bit_rate: int
    time_base: Fraction
    origin: int


class Thumbnail(NamedTuple):
    """One frame as a splitter sees it.

    Attributes:
        time: seconds from the first frame of the video.
        image: uint8 [height, width, 3], RGB, of the splitter's size; [0, 0, 3] if it has none.
        view: the frame at another size, (width, height) -> uint8 [height, width, 3]; only until the next one is taken.
    """

    time: float
    image: NDArray[np.uint8]
    view: Callable[[int, int], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class Shot:
    """A run of frames without a transition: indices of decoded frames, half-open.

    An open shot is one that may go on: more of its frames may follow, none of these will be taken back, and the next
    shot that is told begins with the same frame.
    """

    start: int
    end: int
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of a video between two presentation timestamps, half-open.

    Attributes:
        start: timestamp of the first frame, in ticks of `time_base`.
        end: timestamp of the first frame that is not part of it, likewise.
        time_base: seconds per tick.
        origin: the tick that players show as 0 s.
    """

    start: int
    end: int
    time_base: Fraction
    origin: int = 0

    @property
    def start_s(self) -> float:
        """Seconds from the start of the container to the first frame."""
        return float((self.start - self.origin) * self.time_base)

    @property
    def end_s(self) -> float:
        """Seconds from the start of the container to the end of the last frame."""
        return float((self.end - self.origin) * self.time_base)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return float((self.end - self.start) * self.time_base)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A span of one video that becomes a file of its own."""

    id: str
    video_id: str
    span: Span

    @classmethod
    def of(cls, video_id: str, span: Span) -> Clip:
        """Name a span: the id is uuid5 of the video's id and of start and end in the video's own time base."""
        name = f"{video_id}:{span.start}-{span.end}@{span.time_base}"
        return cls(id=str(uuid.uuid5(NAMESPACE, name)), video_id=video_id, span=span)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Which frames of a clip a component wants to see, and at what size.

    Attributes:
        width: width of the images in pixels.
        height: height of the images in pixels.
        count: this many frames, from the middles of as many equal parts of the clip (fewer if it has fewer), or from
            within a sixth of a part beside them: see `stride`.
        fps: else so many frames a second, from the first frame on.
        fit: `stretch` to width x height; `crop` the centre of that shape first; or keep the whole picture's own
            shape and shrink it, if need be, to lie `inside` them, with even sides, or to an `area` of as many pixels.
        vectors: whether the codec's motion vectors are wanted too, where it has any.
    """

    width: int
    height: int
    count: int | None = None
    fps: float | None = None
    fit: Fit = "stretch"
    vectors: bool = False

    def __post_init__(self) -> None:
        if (self.count is None) == (self.fps is None):
            raise ShapeError(f"a sampling takes a count or a rate, one of them; got {self.count=} and {self.fps=}")

    def choose(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Indices of the wanted frames, rising and without repetition.

        Args:
            times: float64 [n], seconds of each frame of the clip, rising.

        Returns:
            int64 [m] with m <= n; empty for an empty clip.
        """
        if times.size == 0:
            return np.empty(0, np.int64)
        if self.count is not None:
            step = self.stride(times.size)
            middles = (np.arange(self.count) + 0.5) * times.size / self.count
            nearest = np.ceil((middles - 0.5) / step - 0.5).astype(np.int64)
            return np.unique(np.minimum(nearest, (times.size - 1) // step) * step)
        beats = np.floor((times - times[0]) * (self.fps or 0.0) + BEAT_TOLERANCE)
        return np.flatnonzero(np.diff(beats, prepend=-1) > 0)

    def stride(self, num_frames: int) -> int:
        """Of a clip of so many frames only multiples of this power of two are chosen if a count is wanted.

        So whoever sees the frames of a clip once, not knowing how many will follow, need keep no more than
        `CANDIDATES` times the count.
        """
        step = 1
        while self.count is not None and -(-num_frames // step) > CANDIDATES * self.count:
            step *= 2
        return step


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frames:
    """Sampled frames of one clip.

    Attributes:
        images: uint8 [n, height, width, 3], RGB, upright.
        times: float64 [n], seconds from the clip's first frame.
        indices: int64 [n], numbers of the frames in the clip, from 0.
        vectors: float32 [m, rows, columns], for m of the frames how far each 16 x 16 pixels of the stored picture have
            moved since the frame they were predicted from, as a share of its width + height. None where the sampling
            does not ask or the codec does not tell.
    """

    images: NDArray[np.uint8]
    times: NDArray[np.float64]
    indices: NDArray[np.int64]
    vectors: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.shape[3] != 3 or self.images.dtype != np.uint8:
            raise ShapeError(f"frames must be uint8 [n, height, width, 3]; got {self.images.dtype} {self.images.shape}")
        for name in ("times", "indices"):
            if getattr(self, name).shape != (self.images.shape[0],):
                raise ShapeError(f"{self.images.shape[0]} frames but {name} of shape {getattr(self, name).shape}")

    def part(self, start: int, stop: int) -> Frames:
        """Those frames whose numbers in the clip are in [start, stop)."""
        chosen = (self.indices >= start) & (self.indices < stop)
        return Frames(images=self.images[chosen], times=self.times[chosen], indices=self.indices[chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model has said of one window of a clip, or made of one text.

    Attributes:
        text: its words; empty where it has nothing to say or has failed.
        failure: why there is no text, one sentence; empty if nothing went wrong.
        prompt_tokens: length of what it was shown, pictures included; 0 where it does not count.
        output_tokens: length of what it said, likewise.
    """

    text: str = ""
    failure: str = ""
    prompt_tokens: int = 0
    output_tokens: int = 0

    def followed(self, better: Answer) -> Answer:
        """The answer of a second stage to this one, with the tokens of both."""
        return Answer(
            text=better.text,
            failure=f"stage 2: {better.failure}" if better.failure else "",
            prompt_tokens=self.prompt_tokens + better.prompt_tokens,
            output_tokens=self.output_tokens + better.output_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """What a transcoder says of the file that it has written.

    Attributes:
        width: display width in pixels.
        height: display height in pixels.
        num_frames: frames that are shown.
        fps: frames per second, the average over the clip.
        duration: seconds from the first frame to the end of the last.
        last: seconds from the first frame to the last.
        codec: FFmpeg's name of the video codec.
        encoder: what wrote the frames: `copy`, or what encoded all or some of them.
        num_bytes: size of the file.
        has_audio: whether the file holds sound.
        ends: what its first and its last frame must show: two images of `ENDS` pixels, uint8 [height, width, 3].
    """

    width: int
    height: int
    num_frames: int
    fps: float
    duration: float
    last: float
    codec: str
    encoder: str
    num_bytes: int
    has_audio: bool
    ends: tuple[NDArray[np.uint8], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutClip:
    """A clip that has been written and proven.

    Attributes:
        clip: which one.
        path: the local file.
        file: what is in it.
        content_hash: of its coded frames; see `vidcurate.video.contents`.
        frames: the sampled frames, one entry per sampling asked for.
    """

    clip: Clip
    path: str
    file: Written
    content_hash: str
    frames: dict[Sampling, Frames]

    @property
    def clip_id(self) -> str:
        """Id of the clip."""
        return self.clip.id

    @property
    def num_frames(self) -> int:
        """Frames in the file."""
        return self.file.num_frames
