"""What a splitter is: it looks at small frames of one video, in order, and says where shots begin and end."""

from __future__ import annotations

import math
import sys
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, ClassVar, Literal

import pydantic

from vidcurate.records import Shot, Thumbnail
from vidcurate.registry import Component, Fraction01, Seconds, loaded, settings

LOOK = 1.5
"""Seconds by which a closer look at shots delays them."""

Detect = Callable[[Iterable[Thumbnail]], Iterator[Shot]]
"""Takes every frame of one video, once and in order; yields its shots, rising, disjoint, without transition frames.

Shots are told as soon as they are certain, long ones as open shots on the way: decoded frames wait in memory until
then. One that is told only at the end costs a second decode of a long video.
"""


@settings
class Splitter(Component):
    """How a video becomes clips. Lengths are applied in this order: on_short=merge, max_length, crop, min_length.

    Attributes:
        thumbnail: (width, height) of the frames that `detect` is shown; None shows it empty images.
        min_length: shorter clips are dropped.
        on_short: `drop` shots shorter than min_length, or `merge` each into the shorter of the shots that it
            touches; one that touches none is dropped, and so is a piece that max_length or crop made short.
        max_length: longer shots are cut as `max_mode` says. None leaves them whole.
        max_mode: `stride` cuts pieces of max_length, and the rest is a piece too; `even` cuts as few equal pieces as
            fit; `truncate` keeps the first max_length only.
        crop: cut off both ends of every piece.
        recheck: split shots whose picture becomes another between two looks a half-second apart, and is steady before
            and after.
        stitch: join shots that touch, if the last look at one and the first at the next have at least this cosine.
            None joins none.
    """

    kind: ClassVar[str] = "splitter"
    thumbnail: ClassVar[tuple[int, int] | None] = None

    min_length: Seconds = 2.0
    on_short: Literal["drop", "merge"] = "drop"
    max_length: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)] | None = 60.0
    max_mode: Literal["stride", "even", "truncate"] = "stride"
    crop: Seconds = 0.0
    recheck: bool = False
    stitch: Fraction01 | None = None

    def check(self) -> None:
        """Whether the weights of the network that looks are there, if shots are rechecked or stitched."""
        if self.recheck or self.stitch is not None:
            from vidcurate.model.weights import EFFICIENTNET_LITE0

            EFFICIENTNET_LITE0.path()

    @property
    def reach(self) -> int | None:
        """Frames that lie between cause and effect, at most, for long videos to be shared by workers.

        A worker that begins at a multiple of so many frames sees, from `reach` frames later on, the shots that it would
        see had it begun with the video. None where shots may depend on all that came before.
        """
        return None

    @property
    def lag(self) -> int:
        """Frames that are shown to `detect` before it has told of one, at most, unless a transition lasts longer."""
        return 0

    def waits(self, fps: float) -> int:
        """Frames of a video that will wait, about, for it to be known whether they are in a clip; it may have fewer."""
        if self.on_short == "merge":  # which looks at all shots
            return sys.maxsize
        look = LOOK if self.recheck or self.stitch is not None else 0
        return self.lag + math.ceil((self.min_length + look) * fps) + 1

    @abstractmethod
    def load(self, device: str) -> Detect:
        """The function that finds shots; models go to `device` (`cpu`, `cuda`)."""


def found(splitter: Splitter, thumbnails: Iterable[Thumbnail], device: str) -> Iterator[Shot]:
    """Shots of a video, rechecked and stitched if the splitter is to.

    Args:
        splitter: finds them.
        thumbnails: every frame of the video, of the splitter's size.
        device: where models run.
    """
    detect: Detect = loaded(splitter, device)
    if not splitter.recheck and splitter.stitch is None:
        return detect(thumbnails)
    from vidcurate.splitter.looks import Looks, looked_at

    looks = Looks(thumbnails, device)
    return looked_at(splitter, detect(looks), looks)
