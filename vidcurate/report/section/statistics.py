"""What the dataset is made of: lengths, shapes, rates, codecs, sources, and the words of its captions."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.report.context import Context, Section
from vidcurate.report.dataset import Dataset

TOP = 8
"""Bars of a spread over names; what is rarer is summed."""
SECONDS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600)
COUNTS = (1, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300)
"""Edges between the bars of lengths, and of words in a caption."""
SHAPES = {
    "9:16": 9 / 16, "2:3": 2 / 3, "3:4": 3 / 4, "4:5": 4 / 5, "1:1": 1.0, "5:4": 5 / 4, "4:3": 4 / 3, "3:2": 3 / 2,
    "16:10": 1.6, "16:9": 16 / 9, "1.85:1": 1.85, "2:1": 2.0, "21:9": 21 / 9,
}  # fmt: skip
"""Aspect ratios that have a name; within 2% a clip has it."""
WORDS, READ = 60, 20_000
"""Words that are shown, and captions that are read for them at most."""
WORD = re.compile(r"[^\W\d_](?:[\w'’-]*\w)?")  # noqa: RUF001  # the apostrophe of good typography
STOP = frozenset(
    WORD.findall(
        "a about above after all along also an and another are around as at away back be been before behind being "
        "below beside between both but by can close down during each for from front further has have having he her "
        "his how if in into is it its itself just more most moving near next no not of off on one only onto or "
        "other out over own same several she side so some such than that the their them then there these they this "
        "those three through to top toward towards two under up upon very was we were what when where which while "
        "who will with within without you your appears seen shows showing video clip scene camera shot "
    )
)
"""Words that say nothing about what is seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One value: its `label`, how many `clips` have it, how many `seconds` these last; or the `rest` of all values."""

    label: str
    clips: int
    seconds: float
    rest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How clips, or videos, are spread over the values of one property.

    Attributes:
        title: the property.
        things: what is counted, in the plural.
        bars: rising, or the most frequent first.
        by: what the bars' lengths show, `clips` or `seconds`.
        timed: whether the seconds say anything.
    """

    title: str
    things: str
    bars: tuple[Bar, ...]
    by: str = "clips"
    timed: bool = True

    def share(self, bar: Bar) -> float:
        """Length of a bar, of the longest; what is no value has none."""
        longest = max(getattr(one, self.by) for one in self.bars if not one.rest)
        return float(getattr(bar, self.by) / longest) if longest and not bar.rest else 0.0


@dataclass(frozen=True, slots=True)
class Word:
    """A `text` of captions, how many `clips` it is said of, and its `size` on the page, 0 to 1."""

    text: str
    clips: int
    size: float


def section(context: Context) -> Section | None:
    """The section; None before anything was split."""
    found = spreads(context.dataset)
    if not found:
        return None
    words, read, captioned = cloud(context.dataset)
    return Section(
        name="statistics",
        title="Statistics",
        heading="What it is made of",
        facts={
            "spreads": found,
            "words": words,
            "read": read,
            "captioned": captioned,
            "clips": context.dataset.chosen.num_rows,
            "videos": context.dataset.videos.num_rows,
        },
    )


def spreads(dataset: Dataset) -> list[Spread]:
    """Of the clips that are in the dataset as far as is known, and of the videos that went in; none is empty."""
    clips, videos = dataset.chosen, dataset.videos
    probed = videos.filter(pc.and_(pc.is_valid(videos["duration"]), pc.not_equal(videos["status"], "duplicate")))
    seconds, lasting = _numbers(clips["duration"]), _numbers(probed["duration"])
    names = _sources(clips, videos)
    lengths = _caption_words(dataset)
    found = [
        Spread(title="Length of clips", things="clips", bars=binned(seconds, seconds, SECONDS, "s")),
        Spread(title="Length of videos", things="videos", bars=binned(lasting, lasting, SECONDS, "s")),
        Spread(title="Resolution", things="clips", bars=ranked(_sizes(clips), seconds)),
        Spread(title="Aspect ratio", things="clips", bars=ranked(_shapes(clips), seconds)),
        Spread(title="Frames per second", things="clips", bars=ranked(_rates(clips), seconds)),
        Spread(title="Codec of clips", things="clips", bars=ranked(clips["codec"], seconds)),
        Spread(title="Codec of videos", things="videos", bars=ranked(probed["codec"], lasting)),
        Spread(title="Sources by clips", things="clips", bars=ranked(names, seconds)),
        Spread(title="Sources by length", things="clips", bars=ranked(names, seconds, by="seconds"), by="seconds"),
        Spread(title="Words in a caption", things="captions", bars=binned(lengths, lengths, COUNTS, ""), timed=False),
    ]
    return [spread for spread in found if spread.bars]


def binned(
    values: NDArray[np.float64], seconds: NDArray[np.float64], edges: Sequence[int], unit: str
) -> tuple[Bar, ...]:
    """Bars from the first that holds anything to the last; an edge belongs to the bar above it."""
    at = np.searchsorted(edges, values, side="right")
    counts, sums = np.bincount(at), np.bincount(at, seconds)
    used = np.flatnonzero(counts)
    suffix = f" {unit}" if unit else ""
    labels = [f"under {edges[0]}{suffix}"]
    labels += [f"{low} to {high}{suffix}" for low, high in pairwise(edges)]
    labels += [f"{edges[-1]}{suffix} and more"]
    return tuple(
        Bar(label=labels[bar], clips=int(counts[bar]), seconds=float(sums[bar]))
        for bar in (range(used[0], used[-1] + 1) if len(used) else ())
    )


def ranked(labels: pa.ChunkedArray, seconds: NDArray[np.float64], by: str = "clips") -> tuple[Bar, ...]:
    """The most frequent labels, equal ones in the order of the alphabet, and the sum of the others."""
    rows = pa.table({"label": pc.fill_null(labels, "not known"), "seconds": seconds})
    groups = rows.group_by("label").aggregate([([], "count_all"), ("seconds", "sum")])
    first = {"clips": "count_all", "seconds": "seconds_sum"}[by]
    groups = groups.sort_by([(first, "descending"), ("label", "ascending")])
    top = TOP if groups.num_rows > TOP + 1 else TOP + 1  # a sum of one is no sum
    bars = [
        Bar(label=row["label"], clips=row["count_all"], seconds=row["seconds_sum"] or 0.0)
        for row in groups.slice(0, top).to_pylist()
    ]
    if rest := groups.num_rows - len(bars):
        others = groups.slice(top)
        label = f"{rest:,} others"
        sums = [pc.sum(others[name]).as_py() for name in ("count_all", "seconds_sum")]
        bars.append(Bar(label=label, clips=sums[0], seconds=sums[1] or 0.0, rest=True))
    return tuple(bars)


def cloud(dataset: Dataset) -> tuple[list[Word], int, int]:
    """Tags, or words of captions, that are said of most clips.

    Returns:
        the words in the order of the alphabet, the captions that were read, and how many there are.
    """
    said = _said(dataset)
    step = max(1, -(-said.num_rows // READ))
    rows = said.take(pa.array(np.arange(0, said.num_rows, step), pa.int64()))
    counts: Counter[str] = Counter()
    last, seen = None, set[str]()
    for row in rows.to_pylist():
        if row["clip_id"] != last:
            counts.update(seen)
            last, seen = row["clip_id"], set()
        seen |= set(_terms(row["text"], row["captioner"]))
    counts.update(seen)
    top = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:WORDS]
    most, least = (top[0][1], top[-1][1]) if top else (1, 1)
    sized = [Word(text, count, _size(count, least, most)) for text, count in top]
    return sorted(sized, key=lambda word: (word.text.casefold(), word.text)), rows.num_rows, said.num_rows


def _size(count: int, least: int, most: int) -> float:
    """Area tells how often, so that a word that is twice as frequent does not look four times as large."""
    return float((np.sqrt(count) - np.sqrt(least)) / (np.sqrt(most) - np.sqrt(least))) if most > least else 0.0


def _terms(text: str, captioner: str) -> Iterator[str]:
    if captioner == "tags":
        yield from filter(None, (tag.strip() for tag in text.split(",")))
        return
    for word in WORD.findall(text.lower()):
        if len(word) > 1 and word not in STOP:
            yield word


def _said(dataset: Dataset) -> pa.Table:
    """`clip_id`, `captioner` and `text` of the captions of clips that are in the dataset."""
    captions, clips = dataset.captions, dataset.chosen["clip_id"].combine_chunks()
    enhanced, plain = (pc.fill_null(captions[name], "") for name in ("enhanced_caption", "caption"))
    text = pc.if_else(pc.equal(enhanced, ""), plain, enhanced)
    captioners = pc.if_else(pc.equal(enhanced, ""), captions["captioner"], "")
    found = pa.table({"clip_id": captions["clip_id"], "captioner": captioners, "text": text})
    return found.filter(pc.and_(pc.is_in(found["clip_id"], value_set=clips), pc.not_equal(text, "")))


def _caption_words(dataset: Dataset) -> NDArray[np.float64]:
    return _numbers(pc.list_value_length(pc.utf8_split_whitespace(pc.utf8_trim_whitespace(_said(dataset)["text"]))))


def _sources(clips: pa.Table, videos: pa.Table) -> pa.ChunkedArray:
    originals = videos.filter(pc.not_equal(videos["status"], "duplicate"))
    return originals["uri"].take(pc.index_in(clips["video_id"], value_set=originals["video_id"].combine_chunks()))


def _sizes(clips: pa.Table) -> pa.ChunkedArray:
    width, height = (pc.cast(clips[name], pa.string()) for name in ("width", "height"))
    return pc.binary_join_element_wise(width, height, " × ")  # noqa: RUF001  # as people write it


def _shapes(clips: pa.Table) -> pa.Array:
    return _named(_numbers(clips["width"]) / np.maximum(_numbers(clips["height"]), 1), _shape)


def _shape(ratio: float) -> str:
    name = min(SHAPES, key=lambda name: abs(math.log(max(ratio, 1e-9) / SHAPES[name])))
    return name if abs(ratio / SHAPES[name] - 1) < 0.02 else f"{ratio:.2f}:1"


def _rates(clips: pa.Table) -> pa.Array:
    return _named(_numbers(clips["fps"]), lambda rate: f"{rate:.2f}".rstrip("0").rstrip("."))


def _named(values: NDArray[np.float64], name: Callable[[float], str]) -> pa.Array:
    """The name of each value; there are few different ones."""
    different, at = np.unique(values, return_inverse=True)
    return pa.array([name(value) for value in different.tolist()], pa.string()).take(pa.array(at))


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.asarray(pc.fill_null(pc.cast(column, pa.float64()), 0.0).to_numpy(), np.float64)
