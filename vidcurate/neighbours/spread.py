"""Work on all cores, a job on each: the threads of torch would wait for each other after every small product."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Job = TypeVar("Job")
Found = TypeVar("Found")


def spread(work: Callable[[Job], Found], jobs: Iterable[Job], threads: int) -> Iterator[Found]:
    """What `work` makes of each job, in the order of the jobs; of these no more are made at once than are needed.

    Args:
        work: called in threads in which torch uses one core.
        jobs: taken one by one.
        threads: that work at a time.
    """
    import torch

    ahead: deque[Future[Found]] = deque()
    with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for job in jobs:
            ahead.append(pool.submit(work, job))
            if len(ahead) > 2 * threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def cores(device: str) -> int:
    """Threads that have something to do: those that torch would use on the CPU, one that feeds a GPU."""
    import torch

    return int(torch.get_num_threads()) if device == "cpu" else 1
