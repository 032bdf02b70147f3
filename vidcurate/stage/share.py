"""Parts of long videos: a worker cuts one, and all of a video are joined to the record that one worker would write."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from vidcurate.errors import StoreError, VidcurateError
from vidcurate.model.device import best_device
from vidcurate.model.memory import give_back
from vidcurate.recipe import Recipe
from vidcurate.records import UNLIMITED, CutClip, Limits, VideoInfo
from vidcurate.source.place import at_hand
from vidcurate.stage.cut import Cutting, Found
from vidcurate.stage.enhance import enhanced
from vidcurate.stage.observe import Observations, joined, look, samplings
from vidcurate.stage.parts import Part
from vidcurate.stage.publish import deliver, publish
from vidcurate.stage.record import Record, wanted
from vidcurate.store.files import Store
from vidcurate.timings import timed
from vidcurate.video.probe import probe

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Share:
    """What one worker made of a part; its clips are in the dataset already.

    Attributes:
        part: which one.
        info: of the video.
        found: what the pass found; of the last part, it is true of the video.
        clips: in order, without frames.
        seen: in them.
    """

    part: Part
    info: VideoInfo
    found: Found
    clips: Sequence[CutClip]
    seen: Observations


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A part that cannot be cut by itself, so that its video has to be cut in one piece."""

    part: Part


def cut_part(part: Part, *, recipe: Recipe, out: str, limits: Limits = UNLIMITED) -> Share | Spoilt:
    """Find the shots that begin in a part, and cut, see and deliver their clips."""
    with timed("start"):
        store, device, products = Store(out), best_device(), frozenset(wanted(recipe))
        give_back()
    video = part.video
    try:
        with at_hand(video, store) as (path, folder):
            with timed("probe"):
                info, wants = probe(path, limits), samplings(recipe, products)
            cutting = Cutting(
                video.id,
                path,
                info,
                recipe.splitter,
                recipe.transcoder,
                wants,
                folder,
                device,
                part,
                hardware=recipe.decoder == "nvdec",
                limits=limits,
            )
            clips, seen = look(cutting, recipe, products, device)
            seen = replace(seen, captions=enhanced(seen.captions, recipe.enhancer, device))
            deliver(store, clips, seen)
    except StoreError:
        raise
    except Exception as error:  # whatever it is, the video in one piece will tell, and its record will say
        log.warning("%s, part %d: %s", video.uri, part.number, error, exc_info=not isinstance(error, VidcurateError))
        return Spoilt(part)
    return Share(part=part, info=info, found=cutting.found, clips=clips, seen=replace(seen, previews={}))


def spoilt(part: Part, error: Exception) -> Spoilt:
    """What is left of a part whose workers were lost."""
    log.warning("%s, part %d: %s", part.video.uri, part.number, error)
    return Spoilt(part)


def complete(shares: Iterable[Share | Spoilt]) -> Iterator[list[Share | Spoilt]]:
    """All parts of a video, in order, as soon as the last of them is there."""
    waiting: dict[str, list[Share | Spoilt]] = defaultdict(list)
    for share in shares:
        parts = waiting[share.part.video.id]
        parts.append(share)
        if len(parts) == share.part.parts:
            yield sorted(waiting.pop(share.part.video.id), key=lambda one: one.part.number)


def join(shares: Sequence[Share], recipe: Recipe, store: Store) -> Record:
    """Publish a video whose parts have been cut.

    Args:
        shares: all parts, in order.
        recipe: by which they were cut.
        store: the dataset.
    """
    last = shares[-1]
    clips = [clip for share in shares for clip in share.clips]
    seen = joined([share.seen for share in shares])
    return publish(store, last.part.video, last.info, last.found, clips, seen, recipe)
