"""A lease on a dataset: of the runs that would change it one does, and the others wait.

`_lease` holds a link for each run that has it or had it taken away, numbered: `_000001.json` says who. Whoever finds
nothing creates link 1; whoever finds the holder dead creates the next one. Both then look again: link 1 must be the
only one, any other must still have the dead one before it and none behind. Of those who try at once, the store lets
one create the link; those who tried too late do not find what they built on, and withdraw. A run whose link is not the
last any more has been written off. At the end links are removed, the last of them last, so nothing stays.

The holder counts up in `_000001.beat`. It is dead when an observer has seen the same count for `SILENCE` seconds of its
own clock, so clocks of hosts are never compared; or when it has ended on the observer's machine; or when it is the
observer's own SLURM job before that was put back into the queue.

`Store.create` decides how far this holds: local disks, NFS and S3 keep its word, other file systems may not.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vidcurate.errors import Busy, StoreError
from vidcurate.store import permit
from vidcurate.store.files import Store
from vidcurate.store.holder import RUNS, Holder, decode, this_run

log = logging.getLogger(__name__)

FOLDER = "_lease"
EVERY = 10.0
"""Seconds between counts of a holder."""
SILENCE = 60.0
"""Seconds without a new count after which a holder is dead."""
POLL = 1.0
"""Seconds between looks of a run that waits."""
WITHDRAWAL = 0.5
"""Seconds that a link of somebody who tried too late may be there."""


@dataclass(frozen=True, slots=True)
class Link:
    """A lease as workers know it: enough to see whether it still is what it was.

    Attributes:
        number: of the link.
        token: of the run.
    """

    number: int
    token: str

    def demand(self, store: Store) -> None:
        """Look whether the link is there and the last.

        Raises:
            Busy: another run has written this one off.
        """
        for pause in (WITHDRAWAL, WITHDRAWAL, 0):
            found = _numbers(store)
            holder = _read(store, found[-1]) if found else None
            if holder is not None and (found[-1], holder.token) == (self.number, self.token):
                return
            time.sleep(pause)
        raise Busy(
            f"{store.url}: this run was silent for too long, as one that is suspended or cut off, and another has "
            f"taken its place ({holder or 'it has ended since'}). What was committed stays; run the same command again "
            "to go on"
        )


class Lease:
    """A lease that this process holds.

    Args:
        store: the dataset.
        link: of this run.
        every: seconds between counts.
    """

    def __init__(self, store: Store, link: Link, every: float = EVERY) -> None:
        self.link, self._store, self._every = link, store, every
        self._end, self._lost = threading.Event(), ""
        self._seen = _clock()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def demand(self) -> None:
        """Make sure that the dataset is this run's; costs a look at a clock, unless the last proof is long ago.

        Raises:
            Busy: another run has written this one off.
        """
        if not self._lost and _clock() - self._seen > 2 * self._every:
            self._look()
        if self._lost:
            raise Busy(self._lost)

    def start(self) -> None:
        """Begin to count."""
        self._thread.start()

    def end(self) -> None:
        """Give the dataset back, unless another run has taken it."""
        self._end.set()
        self._thread.join()
        if not self._lost:
            self._look()
        if not self._lost:
            _remove(self._store, self.link.number)

    def _look(self) -> None:
        began = _clock()
        try:
            self.link.demand(self._store)
            self._seen = began
        except Busy as error:
            self._lost = str(error)

    def _keep(self) -> None:
        count = 0
        while not self._end.wait(self._every):
            count += 1
            try:
                self._look()
                if self._lost:
                    log.error("%s", self._lost)
                    return
                self._store.write(_beat(self.link.number), str(count).encode())
            except (OSError, StoreError) as error:  # `demand` asks again before anything is written
                log.warning("%s: the lease cannot be renewed now: %s", self._store.url, error)


@contextmanager
def leased(
    store: Store,
    steps: Sequence[str],
    wait: float,
    *,
    demand: Callable[[], None] = lambda: None,
    every: float = EVERY,
    silence: float = SILENCE,
) -> Iterator[Link]:
    """Hold a dataset while the block runs; nothing below its root is written by this process once it is lost.

    Args:
        store: the dataset.
        steps: what the run does, for others to know.
        wait: seconds to wait for another run; 0 does not.
        demand: is called between looks, and raises what ends the wait.
        every: seconds between counts.
        silence: seconds without a new count after which a holder is dead.

    Raises:
        Busy: another run holds it and has not ended in time, or has taken it away.
    """
    is_new = store.is_local and not Path(store.root).exists()
    run = this_run(steps)
    RUNS.add(run.token)
    try:
        lease = Lease(store, _taken(store, run, wait, demand, silence), every)
        permit.require(store.url, lease.demand)
        lease.start()
        try:
            yield lease.link
        finally:
            permit.release(store.url)
            lease.end()
    finally:
        RUNS.discard(run.token)
        if is_new:
            with suppress(OSError):  # it is not empty
                Path(store.root).rmdir()


def _taken(store: Store, run: Holder, wait: float, demand: Callable[[], None], silence: float) -> Link:
    """A new link, once there is no holder or the holder is dead."""
    began, said, watch = time.monotonic(), -60.0, _Watch(silence)
    while True:
        demand()
        found = _numbers(store)
        holder = _read(store, found[-1]) if found else None
        if holder is None:
            number = 1
        elif watch.is_dead(store, found[-1], holder) or holder.precedes(run):
            number = found[-1] + 1
        else:
            waited = time.monotonic() - began
            if waited >= wait:
                raise Busy(f"{store.url} is held by another run ({holder}); run the same command again later")
            if waited - said >= 60:
                said = waited
                log.info("%s is held by another run (%s); waiting for %.0f s more", store.url, holder, wait - waited)
            time.sleep(min(POLL, wait - waited))
            continue
        if holder is None and found:  # it has just ended
            continue
        if store.create(_key(number), run.encode()):
            if _is_sound(store, number, holder):
                if holder is not None:
                    log.info("%s is taken over: the run that held it is dead (%s)", store.url, holder)
                return Link(number, run.token)
            store.remove(_key(number))
        time.sleep(random.uniform(0.05, 0.2))  # of several who were in each other's way one comes first


def _is_sound(store: Store, number: int, before: Holder | None) -> bool:
    """Whether what a new link builds on is still there."""
    found = _numbers(store)
    if before is None:
        return found == [number]
    return bool(found) and found[-1] == number and _read(store, number - 1) == before


class _Watch:
    """Since when a holder has been silent, by this process's clock.

    Args:
        silence: seconds after which it is dead.
    """

    def __init__(self, silence: float) -> None:
        self._silence = silence
        self._last: tuple[str, bytes] | None = None
        self._since = 0.0

    def is_dead(self, store: Store, number: int, holder: Holder) -> bool:
        if holder.is_gone():
            return True
        now = time.monotonic()  # before the count is read: this process may be suspended in between
        seen = holder.token, store.peek(_beat(number)) or b""
        if seen != self._last:
            self._last, self._since = seen, now
        return now - self._since >= self._silence


def _numbers(store: Store) -> list[int]:
    """Of all links, rising."""
    try:
        names = [PurePosixPath(name) for name in store.fs.ls(store.path(FOLDER), detail=False)]
    except FileNotFoundError:
        return []
    return sorted(int(name.stem[1:]) for name in names if name.suffix == ".json" and name.stem[1:].isdigit())


def _remove(store: Store, number: int) -> None:
    """Remove what belongs to a link and those before it, its own file last."""
    for earlier in _numbers(store):
        if earlier < number:
            store.remove(_beat(earlier))
            store.remove(_key(earlier))
    store.remove(_beat(number))
    store.remove(_key(number))
    if store.is_local:
        with suppress(OSError):  # a newcomer's link is in it
            Path(store.path(FOLDER)).rmdir()


def _read(store: Store, number: int) -> Holder | None:
    content = store.peek(_key(number))
    return None if content is None else decode(content)


def _key(number: int) -> str:
    return f"{FOLDER}/_{number:06d}.json"


def _beat(number: int) -> str:
    return f"{FOLDER}/_{number:06d}.beat"


def _clock() -> float:
    """Seconds that also pass while the machine sleeps, where the system has such a clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
