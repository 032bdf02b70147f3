"""How far a long loop has come: a bar on a terminal, one line a minute elsewhere."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from vidcurate.again import again
from vidcurate.pace import Pace
from vidcurate.terminal import above, is_quiet

if TYPE_CHECKING:
    from rich.progress import Progress

log = logging.getLogger(__name__)

EVERY = 60.0  # seconds between lines
REFRESH = 4  # times a second that the bar is drawn

Item = TypeVar("Item")


def progress(items: Iterable[Item], total: int, label: str, fates: Mapping[str, int] | None = None) -> Iterator[Item]:
    """Pass items through and show how many of `total` have passed.

    Args:
        items: whatever is waited for.
        total: how many there will be.
        label: what they are, e.g. `split: videos`.
        fates: of videos, what became of those that need no work; see `Pace`.
    """
    if not total:
        yield from items
        return
    pace = Pace(total, fates)
    show = _bar if sys.stderr.isatty() and not is_quiet() else _lines
    with pace.listening():
        yield from show(items, pace, label)


def _bar(items: Iterable[Item], pace: Pace, label: str) -> Iterator[Item]:
    """It is gone when the loop has ended: what is worth to be kept is in the log."""
    bar = _drawn(pace)
    with bar, above(bar.console):
        task = bar.add_task(label, total=pace.total)
        for item in items:
            yield item
            pace.step()
            bar.update(task, advance=1)


def _drawn(pace: Pace) -> Progress:
    """Two lines: the bar with the time that is left, and the facts."""
    from rich.console import Console, RenderableType
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.text import Text

    class Left(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{pace.left} left" if pace.left else "")

    class Bar(Progress):
        def get_renderables(self) -> Iterable[RenderableType]:
            yield from super().get_renderables()
            yield Text(f"  {' · '.join(pace.facts)}", style="dim", no_wrap=True, overflow="ellipsis")

    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Left(),
        console=Console(stderr=True),
        refresh_per_second=REFRESH,
        transient=True,
        redirect_stdout=sys.stdout.isatty(),
    )


def _lines(items: Iterable[Item], pace: Pace, label: str) -> Iterator[Item]:
    with again(EVERY, lambda: log.info("%s: %s", label, pace), last=False):
        for item in items:
            yield item
            pace.step()
