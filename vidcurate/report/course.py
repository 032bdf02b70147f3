"""The course of a run, read from its journal: which worker was at what, when, and how fast the videos went by.

Time is cut into bins, so a hundred thousand items take no more room on a page than a hundred. The seconds of an item's
stages are spread evenly over it, as nobody writes down in which order they came.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vidcurate.events import Event
from vidcurate.telemetry.tally import Tally

KINDS = ("read", "decode", "shots", "look", "encode", "write", "other")
"""Kinds of work that are told apart; `look` is sampling, filters and models."""
_KIND = {
    "start": "read", "fetch": "read", "probe": "read", "decode": "decode", "shots": "shots", "encode": "encode",
    "prove": "encode", "write": "write", "pack": "write",
}  # fmt: skip
BINS = 240
LANES = 40
"""Lanes that are shown, the busiest; most clusters have more workers than a page has room."""
CELLS = 6000
"""Bins of all lanes together: many lanes get fewer each."""
EDGES = 80
"""Items of a lane that can be told apart."""
SLOWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lane:
    """Workers of a host, one after the other, never two at a time.

    Attributes:
        label: of the lane.
        items: that they have ended.
        busy: share of the run in which they were at something.
        shares: float [kinds, bins], of each bin the share that went to a kind of work.
        begins: float, when its items began, in bins; empty where there are too many to be told apart.
    """

    label: str
    items: int
    busy: float
    shares: NDArray[np.float64]
    begins: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """An item that took long: the `video` that it is of, its `seconds`, and the `stage` that took most of them."""

    video: str
    seconds: float
    stage: str
    stage_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A step: its `name`, and where it begins and ends, as shares of the run."""

    name: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """The course of a run.

    Attributes:
        tally: its sums.
        seconds: that it lasted.
        lanes: the busiest, in the order of their hosts.
        hidden: lanes that are not among them.
        pace: float [bins], seconds of video per second.
        videos: float [bins], videos per minute; each is spread over the time in which workers were at it.
        busy: float [bins], workers that were at something.
        steps: in order.
        losses: when a worker or an item was lost or a video failed, as shares of the run, and what that was.
        slowest: items.
    """

    tally: Tally
    seconds: float
    lanes: tuple[Lane, ...]
    hidden: int
    pace: NDArray[np.float64]
    videos: NDArray[np.float64]
    busy: NDArray[np.float64]
    steps: tuple[Stretch, ...]
    losses: tuple[tuple[float, str], ...]
    slowest: tuple[Slow, ...]


class Items:
    """The items of a run, column by column."""

    def __init__(self) -> None:
        self.workers: dict[str, int] = {}
        self.worker, self.video = array("q"), array("q")
        self.began, self.seconds, self.told = array("d"), array("d"), array("d")
        self.kinds = [array("d") for _ in KINDS]
        self.videos: dict[str, int] = {}

    def add(self, event: Event) -> None:
        """Add an event `item`."""
        self.worker.append(self.workers.setdefault(event["worker"], len(self.workers)))
        self.video.append(self.videos.setdefault(event["video"] or "", len(self.videos)))
        self.began.append(event["began"])
        self.seconds.append(event["seconds"])
        self.told.append(event["time"])
        sums = dict.fromkeys(KINDS, 0.0)
        for stage, seconds in event["stages"].items():
            sums[_KIND.get(stage, "look")] += seconds
        sums["other"] = max(0.0, event["seconds"] - sum(sums.values()))
        for kind, column in zip(KINDS, self.kinds, strict=True):
            column.append(sums[kind])


def course(events: Iterable[Event]) -> Course:
    """Read a journal."""
    tally, items, durations = Tally(), Items(), {}
    steps: dict[str, list[float]] = {}
    losses: list[tuple[float, str]] = []
    slowest: list[Slow] = []
    for event in events:
        tally.hear(event)
        match event["event"]:
            case "item":
                items.add(event)
                slowest = _slowest(slowest, event)
            case "step":
                steps.setdefault(event["step"], [event["time"]]).append(event["time"])
            case "video":
                durations[event["video"]] = event["duration"]
                if event["status"] == "failed":
                    losses.append((event["time"], f"a video failed: {event['reason']}"))
            case "lost" | "worker_lost":
                losses.append((event["time"], event["reason"]))
    seconds = max(tally.last - tally.began, 1e-6)

    def part(moment: float) -> float:
        return min(1.0, max(0.0, (moment - tally.began) / seconds))

    lanes, hidden, (pace, videos, busy) = _lanes(items, durations, tally.began, seconds)
    return Course(
        tally=tally,
        seconds=seconds,
        lanes=lanes,
        hidden=hidden,
        pace=pace,
        videos=videos * 60,
        busy=busy,
        steps=tuple(
            Stretch(name=name, begin=part(moments[0]), end=part(moments[-1] if len(moments) > 2 else tally.last))
            for name, moments in steps.items()
        ),
        losses=tuple((part(moment), reason) for moment, reason in losses),
        slowest=tuple(slowest),
    )


def _slowest(known: list[Slow], item: Event) -> list[Slow]:
    seconds = item["seconds"]
    if not item["video"] or (len(known) == SLOWEST and seconds <= known[-1].seconds):
        return known
    stage, longest = max(item["stages"].items(), key=lambda entry: entry[1], default=("", 0.0))
    slow = Slow(video=item["video"], seconds=seconds, stage=stage, stage_seconds=longest)
    return sorted([*known, slow], key=lambda one: -one.seconds)[:SLOWEST]


def _lanes(
    items: Items, durations: Mapping[str, float], origin: float, seconds: float
) -> tuple[tuple[Lane, ...], int, NDArray[np.float64]]:
    if not items.worker:
        return (), 0, np.zeros((3, BINS))
    worker, lasted = np.array(items.worker), np.array(items.seconds)
    names = list(items.workers)
    begin = np.array(items.began) - origin + _offsets(items, names)[worker]
    end = begin + lasted
    slots = _slots(names, worker, begin, end)
    lane = np.array([slots[name] for name in names])[worker]
    busy = np.bincount(lane, lasted)
    hosts = {lane: _host(name) for name, lane in slots.items()}
    shown = sorted(np.argsort(-busy, kind="stable")[:LANES].tolist(), key=lambda row: (hosts[row], row))
    bins = max(60, min(BINS, CELLS // len(shown)))
    kinds = [np.array(column) for column in items.kinds]
    spread = _spread(begin / seconds * bins, end / seconds * bins, lane, kinds, len(busy), bins) / (seconds / bins)
    counts, labels = np.bincount(lane, minlength=len(busy)), _labels(slots)
    found = tuple(
        Lane(
            label=labels[row],
            items=int(counts[row]),
            busy=float(busy[row] / seconds),
            shares=spread[:, row],
            begins=np.sort(begin[lane == row]) / seconds * bins if counts[row] <= EDGES else np.empty(0),
        )
        for row in shown
    )
    video, lengths = np.array(items.video), np.array([durations.get(name, 0.0) for name in items.videos])
    part = lasted / np.maximum(np.bincount(video, lasted)[video], 1e-9)  # of the time that its video took
    ended = np.array([name in durations for name in items.videos])
    weights = [lengths[video] * part, ended[video] * part, lasted]
    curves = _spread(begin / seconds * BINS, end / seconds * BINS, np.zeros_like(lane), weights, 1, BINS)[:, 0]
    return found, len(busy) - len(found), curves / (seconds / BINS)


def _offsets(items: Items, names: Sequence[str]) -> NDArray[np.float64]:
    """Seconds by which the clock of each worker's host is behind ours: an item that ends is heard of at once."""
    hosts = {name: number for number, name in enumerate(dict.fromkeys(map(_host, names)))}
    host = np.array([hosts[_host(name)] for name in names])
    late = np.array(items.told) - np.array(items.began) - np.array(items.seconds)
    least: NDArray[np.float64] = np.full(len(hosts), np.inf)
    np.minimum.at(least, host[np.array(items.worker)], late)
    return np.asarray(least[host])


def _slots(
    names: Sequence[str], worker: NDArray[np.int64], begin: NDArray[np.float64], end: NDArray[np.float64]
) -> dict[str, int]:
    """The lane of each worker: one that begins when another of its host has ended takes over its lane."""
    first, last = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    np.minimum.at(first, worker, begin)
    np.maximum.at(last, worker, end)
    free: dict[str, list[tuple[float, int]]] = defaultdict(list)
    slots: dict[str, int] = {}
    for index in np.argsort(first, kind="stable").tolist():
        lanes = free[_host(names[index])]
        place = next((place for place, (ended, _) in enumerate(lanes) if ended <= first[index] + 0.05), len(lanes))
        if place == len(lanes):
            lanes.append((0.0, sum(map(len, free.values()))))
        lanes[place] = float(last[index]), lanes[place][1]
        slots[names[index]] = lanes[place][1]
    return slots


def _labels(slots: Mapping[str, int]) -> dict[int, str]:
    counts: dict[str, int] = defaultdict(int)
    labels: dict[int, str] = {}
    for name, lane in sorted(slots.items(), key=lambda entry: entry[1]):
        if lane not in labels:
            counts[_host(name)] += 1
            labels[lane] = f"{_host(name)} · {counts[_host(name)]}"
    return labels


def _host(worker: str) -> str:
    return worker.rpartition(":")[0] or worker


def _spread(
    begin: NDArray[np.float64],
    end: NDArray[np.float64],
    row: NDArray[np.int64],
    weights: Sequence[NDArray[np.float64]],
    rows: int,
    bins: int,
) -> NDArray[np.float64]:
    """Weights of intervals, spread over the bins that they cover.

    Args:
        begin: [n], in bins.
        end: [n], likewise.
        row: [n], where each goes.
        weights: of n each.
        rows: how many there are.
        bins: how many there are.

    Returns:
        [weights, rows, bins]; what lies outside counts to the bin at the border.
    """
    begin, end = np.clip(begin, 0, bins - 1e-6), np.clip(end, 1e-6, bins)
    end = np.maximum(end, begin + 1e-6)
    first = begin.astype(np.int64)
    counts = np.ceil(end).astype(np.int64) - first
    index = np.repeat(np.arange(len(begin)), counts)
    cell = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts) + first[index]
    share = (np.minimum(end[index], cell + 1) - np.maximum(begin[index], cell)) / (end - begin)[index]
    place = row[index] * bins + np.minimum(cell, bins - 1)
    return np.stack(
        [np.bincount(place, share * weight[index], minlength=rows * bins).reshape(rows, bins) for weight in weights]
    )


def stacked(shares: NDArray[np.float64]) -> Iterator[tuple[str, NDArray[np.float64], NDArray[np.float64]]]:
    """Kinds that occur, and from where to where each reaches when they stand on one another; never above 1."""
    total = np.maximum(shares.sum(axis=0), 1.0)
    tops = np.cumsum(shares / total, axis=0)
    for kind, top, height in zip(KINDS, tops, shares / total, strict=True):
        if height.any():
            yield kind, top - height, top
