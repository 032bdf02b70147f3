"""All checks of a dataset in order; none stops the others, and what a fault makes pointless is left out with a note."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from vidcurate.dedup.base import Dedup
from vidcurate.errors import MissingInput
from vidcurate.recipe import Recipe
from vidcurate.runtime.base import Runtime
from vidcurate.stage.review.heed import kept_by_word, overruled
from vidcurate.stage.settle import FOLDER as TABLES
from vidcurate.stage.settle import SCHEMAS, Tables, clips_store, read_tables
from vidcurate.stage.verify.check import DAMAGE, Check, checked, guarded
from vidcurate.stage.verify.decisions import NAME as DECIDED
from vidcurate.stage.verify.decisions import check_decisions, decides, read_decisions
from vidcurate.stage.verify.embeddings import check_embeddings
from vidcurate.stage.verify.expected import expected
from vidcurate.stage.verify.files import check_files
from vidcurate.stage.verify.made import Made, made_by
from vidcurate.stage.verify.records import check_index, read_records
from vidcurate.stage.verify.report import demand_truth, tell, write_result
from vidcurate.stage.verify.rows import check_rows
from vidcurate.stage.verify.shards import Look, check_shards
from vidcurate.store.commit import committed
from vidcurate.store.files import Store

log = logging.getLogger(__name__)


def verify(store: Store, recipe: Recipe, runtime: Runtime, seed: int) -> tuple[Check, ...]:
    """Look at all of a dataset; nothing is written but verify.json and verify.md.

    Args:
        store: the dataset.
        recipe: `verify` says how closely to look.
        runtime: maps over workers.
        seed: of the draw of clips that are decoded.

    Raises:
        MissingInput: there is nothing to look at.
        VidcurateError: something does not hold.
    """
    tables, fault = _tables(store)
    made = made_by(store, recipe)
    rule, sharder, said = made.rule, made.sharder, made.is_said
    shards, unreadable = read_records(store, sharder)
    if not (tables.clips.num_rows or fault or shards or unreadable or said):
        raise MissingInput(f"{store.url}: neither tables nor shards to verify; run +experiment=curate with this out")
    checks = [made.check]
    decisions, undecided = _decisions(store, made)
    checks += [checked("tables/rows", [fault])] if fault else _of_tables(store, tables, rule, decisions, undecided)
    if shards or unreadable or said or store.exists(f"{sharder.folder}/index.json"):
        log.info("verify: shards of sharder=%s, made with dedup=%s dedup.eps=%r", sharder.name, rule.name, rule.eps)
        wanted, doubt = _wanted(store, tables, made, decisions, checks)
        checks.append(check_index(store, sharder, shards, unreadable))
        look = Look(
            store=store,
            sharder=sharder,
            shards=shards,
            unreadable=unreadable,
            clips=tables.clips,
            media="" if fault else clips_store(store).url,
            hashes=dict(zip(*(tables.hashes[name].to_pylist() for name in ("clip_id", "content_hash")), strict=True)),
            decisions=decisions,
            wanted=wanted,
            cut=str(committed(store, sharder.folder).get("cut", "")) if wanted is not None else "",
            doubt=doubt,
            settings=recipe.verify,
            seed=seed,
        )
        checks += check_shards(look, runtime)
    else:
        checks.append(Check(name="shards", note="none are there"))
    write_result(store, sharder.name, checks)
    tell(checks)
    demand_truth(store, checks)
    return tuple(checks)


def _tables(store: Store) -> tuple[Tables, str]:
    """The tables, or none and why they cannot be read."""
    try:
        committed(store, TABLES)
        return read_tables(store), ""
    except DAMAGE as error:
        empty = {name: schema.empty_table() for name, schema in SCHEMAS.items()}
        return Tables(**empty), f"a file of {TABLES}/ cannot be read: {error}"


def _decisions(store: Store, made: Made) -> tuple[pa.Table | None, Check | None]:
    """DECISIONS that count; and what there is to say of them where they cannot be known."""
    if made.check.faults:
        return None, Check(name=DECIDED, note=f"{made.check.name} fails: nothing says which of them count")
    try:
        return read_decisions(store, made.rule) if decides(made.rule) else None, None
    except ValueError as error:
        return None, checked(DECIDED, [str(error)])


def _of_tables(
    store: Store, tables: Tables, rule: Dedup, decisions: pa.Table | None, undecided: Check | None
) -> Iterator[Check]:
    if not tables.clips.num_rows:
        yield Check(name="tables", note="split has written none")
        return
    yield guarded("tables/rows", lambda: check_rows(tables))
    yield guarded("tables/files", lambda: check_files(clips_store(store), tables.clips))
    yield guarded("tables/embeddings", lambda: check_embeddings(store, tables))
    clips = overruled(tables.clips, kept_by_word(decisions))
    yield undecided or guarded(DECIDED, lambda: check_decisions(store, clips, rule, decisions))


def _wanted(
    store: Store,
    tables: Tables,
    made: Made,
    decisions: pa.Table | None,
    checks: Sequence[Check],
) -> tuple[Mapping[str, Mapping[str, Any]] | None, str]:
    """Metadata by key of the samples that should be there, or why that cannot be said."""
    relied = ("dataset/run", "tables/rows", DECIDED)
    bad = [check.name for check in checks if check.faults and check.name in relied]
    if bad:
        return None, f"not compared with the tables: {' and '.join(bad)} fail"
    if made.elsewhere:
        return None, f"not compared with the tables: {' and '.join(made.elsewhere)} came from elsewhere"
    if decides(made.rule) and decisions is None:
        return None, "not compared with the tables: no decisions are stored"
    try:
        committed(store, made.sharder.folder)
        return expected(store, tables, decisions, made.sharder), ""
    except (MissingInput, *DAMAGE) as error:
        return None, f"not compared with the tables: {error}"
