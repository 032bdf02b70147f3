"""Shares work out evenly: to the threads of one machine, or to workers on several."""

from __future__ import annotations

import heapq
from collections.abc import Sequence


def units(costs: Sequence[float], workers: int) -> list[list[int]]:
    """Numbers of jobs, shared out so that the dearest share costs little more than the mean.

    Args:
        costs: of each job; of a cluster the square of its size.
        workers: shares to make.

    Returns:
        `workers` lists of rising numbers, fewer where there are fewer jobs; each number once.

    Source: longest processing time first (Graham 1969): no share exceeds 4/3 of the best possible.
    """
    shares: list[list[int]] = [[] for _ in range(min(workers, len(costs)))]
    load = [(0.0, share) for share in range(len(shares))]
    for job in sorted(range(len(costs)), key=lambda job: (-costs[job], job)):
        total, share = heapq.heappop(load)
        shares[share].append(job)
        heapq.heappush(load, (total + costs[job], share))
    return [sorted(share) for share in shares]
