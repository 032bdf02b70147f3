"""The story of a dataset: who may change it, the steps that were asked for, in order, and what is told at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from vidcurate.ending import rows, say, taken_time
from vidcurate.errors import ConfigError
from vidcurate.events import step
from vidcurate.onward import onward
from vidcurate.pipeline import processed
from vidcurate.recipe import Recipe
from vidcurate.records import UNLIMITED, Columns, Foreign, OnBad, Retry
from vidcurate.report import drawn, write_advice, write_report
from vidcurate.runtime.base import Runtime
from vidcurate.runtime.local import Local
from vidcurate.runtime.stop import demand_running
from vidcurate.shell import Command
from vidcurate.source.base import Source
from vidcurate.stage.adopt import adopt
from vidcurate.stage.advise import advise
from vidcurate.stage.dedup import dedup_clips
from vidcurate.stage.pack import pack
from vidcurate.stage.plan import plan
from vidcurate.stage.recaption import recaption
from vidcurate.stage.review.export import export_review
from vidcurate.stage.settle import Tables, is_empty, read_tables
from vidcurate.stage.split import split
from vidcurate.stage.takedown import conclude, demand_finished, take_down, taken_ids
from vidcurate.stage.verify import verify
from vidcurate.store.files import Store
from vidcurate.store.lease import leased
from vidcurate.store.options import Storage, use
from vidcurate.store.provenance import write_provenance
from vidcurate.store.trouble import demand_writable
from vidcurate.summary import amiss, demand_success, summarise, sums
from vidcurate.telemetry import watched

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
    foreign, runtime = foreign or Foreign(), runtime or Local()
    _demand_own_clips(steps, foreign, embeddings)
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
    compared: dict[str, Any] = {"columns": columns, "on_bad": on_bad}
    if "plan" in steps:
        demand_finished(store)
        again: dict[str, Any] = {**compared, "against": against, "seed": seed, "foreign": foreign, "storage": storage}
        rehearse = partial(curate, recipe, steps=recipe.plan.steps, tells=False, **again)
        following = command.planned(recipe.plan.steps) if command else None
        return plan(store, source, recipe, runtime, seed, rehearse, retry=retry, command=following)
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
                records_of = partial(processed, recipe=recipe, store=store, runtime=runtime, lease=lease, limits=limits)
                split(recipe, source, store, records_of, retry)
        tables = _tables(store, steps, foreign)
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


def _demand_own_clips(steps: Sequence[str], foreign: Foreign, embeddings: str | None) -> None:
    if foreign.clips and {"split", "plan"} & set(steps):
        raise ConfigError([f"clips={foreign.clips}: split cuts clips of its own; take +experiment=shard or dedup"])
    if embeddings and "plan" in steps:
        raise ConfigError([f"embeddings={embeddings}: plan looks ahead to what split makes of videos; leave them out"])


def _tables(store: Store, steps: Sequence[str], foreign: Foreign) -> Tables:
    """What is known of the clips, as far as the steps ask for it; of foreign clips, what can be told from them."""
    if foreign.clips:
        return adopt(store, str(foreign.clips), foreign.caption_key, barred=taken_ids(store))
    unread = [] if {"dedup", "advise"} & set(steps) else ["hashes"]
    return read_tables(store, but=unread + ["scores"] * (set(steps) == {"split"}))
