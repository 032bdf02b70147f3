"""Writes plan.json and plan.md, and says the same on the terminal or in the log."""

from __future__ import annotations

import dataclasses
import logging
import sys
from collections.abc import Iterator

from vidcurate.stage.plan.census import WORK
from vidcurate.stage.plan.estimate import CONFIDENCE
from vidcurate.stage.plan.page import METHOD, Page, plain, remarks, sections
from vidcurate.store.files import Store
from vidcurate.terminal import NOTICE

log = logging.getLogger(__name__)

JSON, PAGE = "plan.json", "plan.md"
SHOWN = 100
"""Inputs of each kind and reason that plan.md names; plan.json has more."""


def write_plan(store: Store, page: Page) -> None:
    """Write plan.json and plan.md at the root of the dataset, and nothing else."""
    store.write_json(JSON, dataclasses.asdict(page))
    store.write(PAGE, "\n".join([*_page(page), ""]).encode())


def tell(store: Store, page: Page) -> None:
    """Say it: as tables on a terminal, as lines of the log elsewhere."""
    if sys.stderr.isatty():
        _print(page)
    else:
        for title, lines in sections(page):
            for what, number, ends in lines:
                log.info("plan: %s: %s: %s%s", title, what, number, f" ({ends})" if ends else "")
    for line in remarks(page):
        log.warning("plan: %s", line)
    log.info("plan: more, and which inputs: %s", store.path(PAGE))
    if page.command and page.forecast.work:
        log.log(NOTICE, "plan: to do it: %s", page.command)


def _page(page: Page) -> Iterator[str]:
    yield "# Plan"
    yield ""
    if page.command and page.forecast.work:
        yield from ("```bash", page.command, "```", "")
    elif not page.forecast.work:
        yield from ("No video is to be worked on; what dedup and shard would do is not forecast.", "")
    for title, lines in sections(page):
        yield from (
            f"## {title[0].upper()}{title[1:]}",
            "",
            f"| | | {CONFIDENCE:.0%} interval |",
        )
        yield "|---|---:|---|"
        yield from (f"| {what.strip()} | {number} | {ends} |" for what, number, ends in lines)
        yield ""
    if page.sample.videos:
        yield from ("## How it was found", "", *_method(page), "")
    for fate in sorted(page.because, key=lambda fate: (fate not in WORK, fate)):
        yield from (f"## Inputs: {fate}", "")
        for why, uris in page.because[fate].items():
            yield f"`{plain(why)}`:"
            yield ""
            yield from (f"- `{plain(uri)}`" for uri in uris[:SHOWN])
            if len(uris) > SHOWN:
                yield f"- and {len(uris) - SHOWN:,} more; plan.json names {len(uris):,}"
            yield ""
    yield from ("## Not forecast", "", *(f"- {line}" for line in page.open))


def _method(page: Page) -> Iterator[str]:
    sample = page.sample
    whole = "" if not sample.stretches else f", of {sample.stretches} of them a stretch"
    yield (
        f"{sample.videos} videos of {page.forecast.work} were worked on for real{whole}: "
        f"{sample.seconds / 60:.1f} minutes in {sample.strata} strata, on {sample.workers} workers, in "
        f"{sample.took_seconds:.0f} s. Intervals: {METHOD}. "
        f"{sample.across} of the {sample.clips} clips there duplicate one of another video of the sample."
    )


def _print(page: Page) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("plan")
    table.add_column("forecast", justify="right")
    table.add_column(f"{CONFIDENCE:.0%} interval")
    for title, lines in sections(page):
        table.add_row(f"[bold]{title}[/bold]")
        for what, number, ends in lines:
            table.add_row(f"  {what}", number, ends)
        table.add_section()
    Console(stderr=True).print(table)
