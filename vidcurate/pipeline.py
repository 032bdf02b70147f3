"""The story of a dataset, and in it the story of one video: probe, find shots, cut clips, look at them, commit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from vidcurate.ending import rows, say, taken_time
from vidcurate.errors import ConfigError, MediaError, StoreError, VidcurateError
from vidcurate.events import step
from vidcurate.model.device import best_device
from vidcurate.model.memory import give_back
from vidcurate.onward import onward
from vidcurate.recipe import Recipe
from vidcurate.records import UNLIMITED, Columns, Foreign, Limits, OnBad, Retry, Video
from vidcurate.report import drawn, write_advice, write_report
from vidcurate.runtime.base import Runtime
from vidcurate.runtime.local import Local
from vidcurate.runtime.stop import demand_running
from vidcurate.shell import Command
from vidcurate.source.base import Source
from vidcurate.source.place import at_hand
from vidcurate.stage.adopt import adopt
from vidcurate.stage.advise import advise
from vidcurate.stage.again import reread_clips
from vidcurate.stage.cut import Cutting
from vidcurate.stage.dedup import dedup_clips
from vidcurate.stage.enhance import enhanced
from vidcurate.stage.observe import look, samplings
from vidcurate.stage.pack import pack
from vidcurate.stage.parts import Part, parts_of
from vidcurate.stage.place import all_stored
from vidcurate.stage.plan import plan
from vidcurate.stage.publish import deliver, publish, publish_again, retire
from vidcurate.stage.recaption import recaption
from vidcurate.stage.record import (
    Record,
    failed,
    missing,
    read_record,
    unseen,
    wanted,
    write_record,
)
from vidcurate.stage.review.export import export_review
from vidcurate.stage.settle import Tables, is_empty, read_tables
from vidcurate.stage.share import Share, complete, cut_part, join, spoilt
from vidcurate.stage.split import split
from vidcurate.stage.takedown import conclude, demand_finished, take_down, taken_ids
from vidcurate.stage.verify import verify
from vidcurate.store.files import Store
from vidcurate.store.lease import Link, leased
from vidcurate.store.options import Storage, use
from vidcurate.store.provenance import write_provenance
from vidcurate.store.trouble import demand_writable
from vidcurate.summary import amiss, demand_success, summarise, sums
from vidcurate.telemetry import watched
from vidcurate.timings import timed
from vidcurate.video.probe import probe

log = logging.getLogger(__name__)

UNTOLD = ("source_ids", "storage")
"""Keys of the config that run.json does not hold: what was taken down, and how stores are reached."""


def curate(
    recipe: Recipe,
    *,
    out: str,
    source: Source | None = None,
    steps: Sequence[str] = ("split", "dedup", "shard"),
    runtime: Runtime | None = None,
    embeddings: str | None = None,
    columns: Columns | None = None,
    on_bad: OnBad = "fail",
    against: Sequence[str] = (),
    source_ids: Sequence[str] = (),
    captions_as: str | None = None,
    foreign: Foreign | None = None,
    seed: int = 0,
    max_failures: int = 0,
    retry: Retry | None = None,
    wait: float = 3600.0,
    storage: Storage | None = None,
    metrics: str | None = None,
    config: Mapping[str, Any] | None = None,
    command: Command | None = None,
    tells: bool = True,
) -> dict[str, Any]:
    """Turn raw videos into a dataset; what is stored already and still true is not made again.

    Args:
        recipe: the components that do the work.
        out: root of the dataset: a folder or any fsspec URL.
        source: where videos come from; needed by split.
        steps: which of takedown, split, dedup, advise, review, shard, recaption and verify; always done in this order.
            Or plan, by itself, which tells what `recipe.plan.steps` would do, take and cost.
        runtime: where videos are processed; None is this process.
        embeddings: deduplicate these parquet files (path, folder, glob, URL) instead of what split wrote.
        columns: names of the columns of `embeddings`; those that are not given are found.
        on_bad: whether rows of embeddings that cannot be used are errors, or left out and recorded (`drop`).
        against: earlier datasets, or parquet files of embeddings: clips that are like any of theirs are dropped.
        source_ids: videos that takedown removes: ids or uris, or one text file of them.
        captions_as: name of the captions that recaption writes; None is that of the captioner.
        foreign: clips and decisions that are not those of `out`.
        seed: of everything random.
        max_failures: inputs that may fail before this raises, after all the rest is done.
        retry: `failed` splits only inputs that have failed before, also those that would not be tried again.
        wait: seconds to wait for another run on the same dataset to end; 0 refuses at once. Verify alone never waits.
        storage: how stores are reached; None as fsspec is set up.
        metrics: path of a text file for Prometheus, written anew while the run goes on; None writes none.
        config: the resolved config to keep in run.json; None keeps the recipe.
        command: of a shell that has started this, for what is said at the end of how to go on.
        tells: whether that is said, and what came of the run.

    Returns:
        What summary.json holds: counts of videos, clips, duplicates and shards; of plan, what plan.json holds.

    Raises:
        Busy: another run holds `out` and does not end in time, or has taken this one for dead and its place.
        MissingInput: a step lacks what it works on.
        ConfigError: split is to cut clips, and clips of another dataset are given; or `out` cannot be written.
        StoreError: a disk is full, or a store cannot be reached; what was committed stays.
        TooManyFailures: the dataset is complete, but more than `max_failures` inputs are not in it.
        Stopped: a signal has ended the run, where `heeding` is in force.
        VidcurateError: `verify` has found that it is not what it says.
    """
    recipe.check(steps)
    foreign = foreign or Foreign()
    if foreign.clips and {"split", "plan"} & set(steps):
        raise ConfigError([f"clips={foreign.clips}: split cuts clips of its own; take +experiment=shard or dedup"])
    if embeddings and "plan" in steps:
        raise ConfigError([f"embeddings={embeddings}: plan looks ahead to what split makes of videos; leave them out"])
    runtime = runtime or Local()
    runtime.check()
    use(storage or Storage())
    store = Store(out)
    if set(steps) == {"verify"}:  # which changes nothing
        demand_finished(store)
        with watched(store, None, steps=steps, runtime=runtime.name, metrics=metrics) as (tally, _), step("verify"):
            verify(store, recipe, runtime, seed)
        say([], [], [taken_time(tally), f"all that was looked at holds: {out}/verify.md"])
        return summarise(store, read_tables(store), recipe)
    demand_writable(store)
    if "plan" in steps:
        demand_finished(store)
        again: dict[str, Any] = {"columns": columns, "on_bad": on_bad, "against": against, "seed": seed}
        rehearse = partial(
            curate, recipe, **again, foreign=foreign, storage=storage, steps=recipe.plan.steps, tells=False
        )
        following = command.planned(recipe.plan.steps) if command else None
        return plan(store, source, recipe, runtime, seed, rehearse, retry=retry, command=following)
    compared: dict[str, Any] = {"columns": columns, "on_bad": on_bad}
    after_split: dict[str, Callable[[Tables], object]] = {
        "dedup": lambda tables: dedup_clips(
            store, tables, recipe, embeddings, seed, **compared, against=against, runtime=runtime
        ),
        "advise": lambda tables: write_advice(
            store, tables, advise(store, tables, recipe, embeddings, seed, **compared), recipe.advise.per_band
        ),
        "review": lambda tables: export_review(store, tables, recipe),
        "shard": lambda tables: pack(store, tables, recipe, runtime, seed, foreign),
        "recaption": lambda _: recaption(store, recipe, runtime, captions_as),
    }
    with (
        leased(store, steps, wait, demand=demand_running) as lease,
        drawn(store),
        store.swept(),
        watched(store, lease.token, steps=steps, runtime=runtime.name, metrics=metrics) as (tally, write_journal),
    ):
        taken = None
        if "takedown" in steps:
            with step("takedown"):
                taken = take_down(store, source_ids)
        else:
            demand_finished(store)
        if "split" in steps:
            limits = UNLIMITED if source is None else source.limits
            with step("split"):
                records_of = partial(
                    _processed, recipe=recipe, store=store, runtime=runtime, lease=lease, limits=limits
                )
                split(recipe, source, store, records_of, retry)
        unread = [] if {"dedup", "advise"} & set(steps) else ["hashes"]
        unread += ["scores"] * (set(steps) == {"split"})
        tables = _adopted(store, foreign) if foreign.clips else read_tables(store, but=unread)
        if not ("split" in steps and is_empty(tables)):
            for name, work in after_split.items():
                if name in steps:
                    demand_running()
                    with step(name):
                        work(tables)
        with step("report"):
            summary = summarise(store, tables, recipe)
            store.write_json("summary.json", summary)
            facts = {name: value for name, value in (config or recipe.config()).items() if name not in UNTOLD}
            write_provenance(store, steps, facts)
            write_journal()  # of which the report tells
            page = write_report(store, summary)
            if taken is not None:
                conclude(store, taken)
        if "verify" in steps:
            with step("verify"):
                verify(store, recipe, runtime, seed)
        if tells:
            for line in amiss(summary):
                log.warning("%s", line)
            say(
                list(rows(store, tables, recipe, steps, summary, tally)),
                list(onward(summary, steps, recipe, out, command)),
                [taken_time(tally), *sums(summary, steps), *([f"{out}/{page}"] if page else [])],
            )
        if "split" in steps:
            demand_success(summary, max_failures)
        return summary


def _adopted(store: Store, foreign: Foreign) -> Tables:
    return adopt(store, str(foreign.clips), foreign.caption_key, barred=taken_ids(store))


def _processed(
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
