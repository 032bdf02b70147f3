"""What verify tells: verify.json, verify.md, a table or lines of the log, and an error if anything does not hold."""

from __future__ import annotations

import dataclasses
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console

from vidcurate.errors import VidcurateError
from vidcurate.stage.findings import Finding, lines, note, ok, print_found, tally, trouble
from vidcurate.stage.verify.check import Check
from vidcurate.store.files import Store
from vidcurate.terminal import is_quiet

log = logging.getLogger(__name__)

SPLIT = "run +experiment=split again with the same source and out"
SHARD = "run +experiment=shard again with the same out and dedup.eps; it packs only what is not as it should be"
ANEW = "remove the files that are named, their shard's record (*_shard.json) too, and " + SHARD
REMEDIES: Mapping[str, str] = {
    "dataset/run": "put the run.json of a copy back, or remove it and " + SHARD,
    "tables/rows": SPLIT + ": it writes the tables anew from processed_videos/",
    "tables/files": SPLIT + " to cut what is missing; remove files of no clip by hand",
    "tables/embeddings": "remove the record of the video from processed_videos/ and " + SPLIT,
    "tables/decisions": "run +experiment=dedup again with the same out and dedup.eps, then +experiment=shard",
    "shards/index": "remove _commit.json of the shards' folder and " + SHARD,
    "shards/files": ANEW,
    "shards/checksums": "remove _commit.json of the shards' folder and " + SHARD,
    "shards/samples": ANEW,
    "shards/keys": ANEW,
    "shards/metadata": ANEW,
    "shards/media": "if the clip is right, " + ANEW + "; else remove the record of its video and " + SPLIT,
    "shards/sidecars": ANEW,
    "shards/membership": SHARD,
    "shards/drops": SHARD,
    "shards/captions": "remove the captions that are named, their record (*_captions.json) too, and run "
    "+experiment=recaption again with the same captioner, out and captions_as",
    "shards/subsets": "do not train on it; remove _commit.json of the shards' folder and " + SHARD,
    "decode/clips": "remove the clip and the record of its video from processed_videos/, " + SPLIT + ", then shard",
}
"""What to do where a check fails."""
LOADER = "look at the message: a version of the library that cannot read the shards, or a defect of vidcurate"


def write_result(store: Store, sharder: str, checks: Sequence[Check]) -> None:
    """Write verify.json and verify.md; equal datasets give equal bytes."""
    entries = [{**dataclasses.asdict(check), "ok": not check.faults} for check in checks]
    ok = not any(check.faults for check in checks)
    store.write_json("verify.json", {"ok": ok, "sharder": sharder, "checks": entries})
    store.write("verify.md", "\n".join([*_page(checks), ""]).encode())


def tell(checks: Sequence[Check]) -> None:
    """Say what was found: on a terminal as a table, elsewhere as a line of the log for each check."""
    groups: dict[str, list[Finding]] = {}
    for check in checks:
        group, _, name = check.name.partition("/")
        groups.setdefault(group, []).append(_finding(check, name or "all"))
    if sys.stderr.isatty() and not is_quiet():
        print_found(groups, Console(stderr=True))
        return
    for line in [*lines(groups), tally(groups)]:
        log.info("%s", line)


def demand_truth(store: Store, checks: Sequence[Check]) -> None:
    """Say what does not hold.

    Raises:
        VidcurateError: a check has found a fault.
    """
    failed = [check for check in checks if check.faults]
    if failed:
        head = f"{store.url} is not what it says: {len(failed)} of {len(checks)} checks fail; verify.md has them all"
        raise VidcurateError("\n".join([head, *(line for check in failed for line in _told(check))]))


def _finding(check: Check, name: str) -> Finding:
    noted = f"; {check.note}" if check.note else ""
    if check.faults:
        return trouble(name, f"{check.faults} of {check.checked} wrong{noted}", REMEDIES.get(check.name, LOADER))
    if not check.checked:
        return note(name, check.note or "nothing to look at")
    return ok(name, f"{check.checked} looked at{noted}")


def _verdict(check: Check) -> str:
    if check.faults:
        return "FAILS"
    return "ok" if check.checked else "-"


def _told(check: Check) -> Iterator[str]:
    yield f"{check.name}: {check.faults} of {check.checked}"
    yield from (f"  - {example}" for example in check.examples)
    if check.faults > len(check.examples):
        yield f"  - and {check.faults - len(check.examples)} more"
    yield f"  To do: {REMEDIES.get(check.name, LOADER)}."


def _page(checks: Sequence[Check]) -> Iterator[str]:
    yield "# Verified"
    yield ""
    yield "| check | | looked at | faults | note |"
    yield "|---|---|---|---|---|"
    for check in checks:
        yield f"| {check.name} | {_verdict(check)} | {check.checked} | {check.faults} | {check.note} |"
    for check in checks:
        if check.faults:
            yield from ("", "```", *_told(check), "```")
