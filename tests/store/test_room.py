from __future__ import annotations

import multiprocessing
import os
import random
import time
from pathlib import Path

import pytest

from vidcurate.errors import NotAtHand
from vidcurate.store.options import Storage, current, use
from vidcurate.store.room import reserved
from vidcurate.store.scratch import scratch, staged, sweep

LIMIT = 1000


@pytest.fixture
def storage(tmp_path):
    before, wanted = current(), Storage(scratch=str(tmp_path / "scratch"), scratch_limit=LIMIT)
    use(wanted)
    yield wanted
    use(before)


def hold(storage: Storage, seed: int, seen: multiprocessing.SimpleQueue[int]) -> None:
    """Take room ten times, fill it, and tell how much lies there while it is held."""
    use(storage)
    draw = random.Random(seed)
    for _ in range(10):
        size = draw.randint(1, LIMIT)
        with reserved(size, "a.mp4"), staged(scratch()) as folder:
            (folder / "copy").write_bytes(bytes(size))
            seen.put(sum(path.stat().st_size for path in scratch().rglob("copy")))
    seen.put(-1)


def test_all_processes_together_stay_below_the_limit(storage):
    context = multiprocessing.get_context("fork")
    seen = context.SimpleQueue()
    workers = [context.Process(target=hold, args=(storage, seed, seen)) for seed in range(3)]
    for worker in workers:
        worker.start()
    sizes: list[int] = []
    while sizes.count(-1) < 3:
        sizes.append(seen.get())
    for worker in workers:
        worker.join()

    assert len(sizes) == 33
    assert max(sizes) <= LIMIT
    assert list(scratch().rglob("copy")) == []


def die_holding(storage: Storage) -> None:
    use(storage)
    with reserved(LIMIT, "a.mp4"), staged(scratch()) as folder:
        (folder / "copy").write_bytes(b"left")
        os._exit(9)


def test_the_room_and_the_files_of_the_dead_are_given_back(storage):
    context = multiprocessing.get_context("fork")
    worker = context.Process(target=die_holding, args=(storage,))
    worker.start()
    worker.join()
    assert len(list(scratch().rglob("copy"))) == 1

    began = time.monotonic()
    with reserved(LIMIT, "b.mp4"):
        sweep(scratch())

    assert time.monotonic() - began < 1
    assert list(scratch().rglob("copy")) == []


def test_what_is_larger_than_all_room_is_refused_and_what_may_be_is_cut_to_it(storage):
    said = r"big\.mp4: 1001 bytes .* storage\.scratch_limit is 1000 bytes: raise it"
    with pytest.raises(NotAtHand, match=said), reserved(LIMIT + 1, "big.mp4"):
        pass
    with reserved(600, "a.mp4", more=600):
        ledger = next(scratch().glob(".room-*")).read_text()

    assert ledger.split()[2] == "1000"
    assert next(scratch().glob(".room-*")).read_text() == ""


def test_without_a_limit_there_is_no_ledger(tmp_path):
    before = current()
    use(Storage(scratch=str(tmp_path / "scratch")))
    try:
        with reserved(10**15, "a.mp4"):
            assert not Path(tmp_path, "scratch").exists()
    finally:
        use(before)
