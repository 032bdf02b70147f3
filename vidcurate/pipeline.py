"""The story of one video: probe, find shots, cut clips, look at them, commit."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from vidcurate.errors import MediaError, StoreError, VidcurateError
from vidcurate.model.device import best_device
from vidcurate.model.memory import give_back
from vidcurate.recipe import Recipe
from vidcurate.records import UNLIMITED, Limits, Video
from vidcurate.runtime.base import Runtime
from vidcurate.source.place import at_hand
from vidcurate.stage.again import reread_clips
from vidcurate.stage.cut import Cutting
from vidcurate.stage.enhance import enhanced
from vidcurate.stage.observe import look, samplings
from vidcurate.stage.parts import Part, parts_of
from vidcurate.stage.place import all_stored
from vidcurate.stage.publish import deliver, publish, publish_again, retire
from vidcurate.stage.record import Record, failed, missing, read_record, unseen, wanted, write_record
from vidcurate.stage.share import Share, complete, cut_part, join, spoilt
from vidcurate.store.files import Store
from vidcurate.store.lease import Link
from vidcurate.timings import timed
from vidcurate.video.probe import probe

log = logging.getLogger(__name__)


def processed(
    todo: Sequence[Video], *, recipe: Recipe, store: Store, runtime: Runtime, lease: Link | None, limits: Limits
) -> Iterator[Record]:
    """Records as they are committed: of videos that a worker takes alone, then of long ones, which workers share."""
    alone = partial(process, recipe=recipe, out=store.url, lease=lease, limits=limits)
    given_up = partial(give_up, recipe=recipe, store=store)
    parts: list[Part] = []
    for outcome in runtime.map(partial(alone, part_length=runtime.part_length), todo, lost=given_up):
        if isinstance(outcome, Record):
            yield outcome
        else:
            parts += outcome
    whole: list[Video] = []
    cut = partial(cut_part, recipe=recipe, out=store.url, limits=limits)
    for shares in complete(runtime.map(cut, parts, lost=spoilt)):
        sound = [share for share in shares if isinstance(share, Share)]
        if len(sound) == len(shares):
            record = join(sound, recipe, store)
            yield _commit(store, read_record(store, record.key), record)
        else:
            whole.append(shares[0].part.video)
    yield from (outcome for outcome in runtime.map(alone, whole, lost=given_up) if isinstance(outcome, Record))


def process(
    video: Video,
    *,
    recipe: Recipe,
    out: str,
    part_length: float | None = None,
    lease: Link | None = None,
    limits: Limits = UNLIMITED,
) -> Record | tuple[Part, ...]:
    """One video, wholly on one worker, from its file to its committed record; whatever befalls it, the others go on.

    Returns:
        its record, or the parts of a video that lasts longer than `part_length` seconds and is to be shared.

    Raises:
        Busy: `lease` is lost; nothing is committed.
    """
    store = Store(out)
    known, made_from = read_record(store, video.id), wanted(recipe)
    products = missing(known, made_from)
    try:
        if known is None or "clips" in products or not all_stored(store, known):
            outcome = from_source(video, recipe, store, part_length, limits)
            if not isinstance(outcome, Record):
                return outcome
            record = outcome
        else:
            record = from_clips(known, products, recipe, store)
    except StoreError:  # no fault of the video: the others would fail likewise
        raise
    except Exception as error:  # the one place that catches all: the ledger takes it, with its message
        log.warning("%s: %s", video.uri, error, exc_info=not isinstance(error, VidcurateError))
        if known is not None and "clips" not in products:
            record = unseen(known, error)
        else:  # a fault of the video lasts; anything else may pass, and the next run tries again
            lasts = isinstance(error, MediaError) and error.lasts
            record = failed(video, "split", error, made_from if lasts else {})
    if lease is not None:
        lease.demand(store)
    return _commit(store, known, record)


def give_up(video: Video, error: Exception, *, recipe: Recipe, store: Store) -> Record:
    """Record a video whose workers were lost or that took too long; the same recipe does not try it again."""
    log.warning("%s: %s", video.uri, error)
    return _commit(store, read_record(store, video.id), failed(video, "split", error, wanted(recipe)))


def _commit(store: Store, known: Record | None, record: Record) -> Record:
    with timed("write"):
        write_record(store, record)
        retire(store, known, record)
    return record


def from_source(
    video: Video, recipe: Recipe, store: Store, part_length: float | None = None, limits: Limits = UNLIMITED
) -> Record | tuple[Part, ...]:
    """Decode a video once, for its shots, its clips and all that looks at them; or say how to share it."""
    with timed("start"):  # a worker's first video waits for libraries
        device, products = best_device(), frozenset(wanted(recipe))
        give_back()
    with at_hand(video, store) as (path, folder):
        with timed("probe"):
            info = probe(path, limits)
            if part_length is not None and (parts := parts_of(video, path, info, recipe.splitter, part_length)):
                return parts
        wants = samplings(recipe, products)
        cutting = Cutting(
            video.id,
            path,
            info,
            recipe.splitter,
            recipe.transcoder,
            wants,
            folder,
            device,
            hardware=recipe.decoder == "nvdec",
            limits=limits,
        )
        clips, seen = look(cutting, recipe, products, device)
        seen = replace(seen, captions=enhanced(seen.captions, recipe.enhancer, device))
        deliver(store, clips, seen)
        return publish(store, video, info, cutting.found, clips, seen, recipe)


def from_clips(known: Record, products: frozenset[str], recipe: Recipe, store: Store) -> Record:
    """Make only what is missing: from the finished clips, or from stored captions alone; the source is not read."""
    device, wants = best_device(), samplings(recipe, products)
    _, observations = look(reread_clips(store, known, wants) if wants else (), recipe, products, device)
    if "enhanced_caption" in products:
        captions = observations.captions if "caption" in products else known.captions
        observations = replace(observations, captions=enhanced(captions, recipe.enhancer, device))
    return publish_again(store, known, products, observations, recipe)
