"""The real work on the sample, in a dataset of its own that is removed: what it yielded, and where the time went.

Short videos are taken as they are, of long ones a stretch is copied. Videos whose finished clips are only looked at
bring their record, clips and vectors along. The times are those of the run's own journal.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from vidcurate.errors import MediaError, VidcurateError
from vidcurate.events import listening
from vidcurate.recipe import Recipe
from vidcurate.registry import settings
from vidcurate.source.base import Input, Source
from vidcurate.stage.place import FILTERED, KEPT
from vidcurate.stage.plan.census import opened
from vidcurate.stage.plan.measured import Clock, Trial, measure
from vidcurate.stage.plan.sample import Unit
from vidcurate.stage.record import FOLDER as RECORDS
from vidcurate.stage.record import read_record
from vidcurate.store.files import Store
from vidcurate.video.excerpt import excerpt

log = logging.getLogger(__name__)

Rehearse = Callable[..., object]
"""`curate` with all that is planned but `source`, `out` and `max_failures`."""


@settings
class Drawn(Source):
    """Inputs that were drawn from another source.

    Attributes:
        entries: the inputs, sorted by uri.
    """

    entries: tuple[Input, ...]

    def inputs(self) -> Iterator[Input]:
        """Every one of them."""
        return iter(self.entries)


def attempt(store: Store, units: Sequence[Unit], recipe: Recipe, rehearse: Rehearse, full_hash: bool) -> Trial:
    """Work on a sample; the dataset is only read, and what is made lies in a hidden folder until the end.

    Args:
        store: the dataset.
        units: the sample.
        recipe: what is done.
        rehearse: does it.
        full_hash: as the source has it, so that videos have the ids of their records.

    Raises:
        VidcurateError: it could not be done, for a reason that no video is to blame for.
    """
    with _apart(store) as folder:
        made = Store(str(folder / "dataset"))
        taken = [_taken(unit, folder / "stretches", number) for number, unit in enumerate(units)]
        for unit, _ in taken:
            if unit.candidate.again:
                _bring(store, made, unit.candidate.video.id, recipe)
        entries = tuple(sorted((entry for _, entry in taken), key=lambda entry: entry.uri))
        clock = Clock()
        try:
            with listening(clock.hear):
                rehearse(source=Drawn(entries=entries, full_hash=full_hash), out=made.url, max_failures=len(entries))
        except VidcurateError:
            if not made.exists("summary.json"):  # it is written last, and only then is said that no clip came out
                raise
        return measure(made, tuple(unit for unit, _ in taken), recipe, clock)


@contextmanager
def _apart(store: Store) -> Iterator[Path]:
    """A hidden folder on the disk of the dataset, which stays away if it was not there."""
    root = Path(store.root)
    is_new = store.is_local and not root.exists()
    try:
        with store.staging() as folder:
            yield folder
    finally:
        if is_new and root.is_dir() and not any(root.iterdir()):
            root.rmdir()


def _taken(unit: Unit, folder: Path, number: int) -> tuple[Unit, Input]:
    """A unit as it can be had, and the input that stands for it: its file, or a stretch of that."""
    video = unit.candidate.video
    whole = Input(uri=video.uri, path=video.path, license=video.license)
    if unit.start is None:
        return unit, whole
    folder.mkdir(exist_ok=True)
    goal = folder / f"{number}.mkv"
    try:
        with opened(video) as file:
            length = excerpt(file, goal, unit.start, unit.length)
    except (MediaError, OSError) as error:
        log.warning("plan: %s is tried as a whole, as no stretch of it can be had: %s", video.uri, error)
        return replace(unit, start=None, length=unit.candidate.seconds), whole
    length = min(length, unit.candidate.seconds)
    return replace(unit, length=length), Input(uri=video.uri, path=str(goal), license=video.license)


def _bring(store: Store, made: Store, name: str, recipe: Recipe) -> None:
    """Copy what is stored of a video: its record, clips and vectors."""
    record = read_record(store, name)
    for clip in record.clips if record else ():
        for folder in (KEPT, FILTERED):
            _copy(store, made, f"{folder}/{clip['clip_id']}.mp4")
    _copy(store, made, f"{recipe.embedder.folder}/{name}.parquet")
    _copy(store, made, f"{RECORDS}/{name}.json")


def _copy(store: Store, made: Store, key: str) -> None:
    if store.exists(key):
        made.write(key, store.read(key))
