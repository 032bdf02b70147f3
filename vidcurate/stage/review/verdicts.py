"""What a person has said of clips: `review.csv`, edited by hand, and what is wrong with it, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vidcurate.errors import ConfigError
from vidcurate.registry import fingerprint, near
from vidcurate.stage.review.cells import MAX_BYTES, read_sheet
from vidcurate.store.reach import located

Verdict = Literal["keep", "drop"]
REVIEWED = "reviewed"
"""Reason of clips about which a person has decided, whether they stay or not."""
IDS = ("clip_id", "id")
"""What the column of ids may be called; the first that is there counts."""
SHOWN = 20
"""Problems that are told; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A person's decisions.

    Attributes:
        place: path or URL of the file.
        verdicts: by clip id; clips without one are not there.
        lines: of the file, on which each stands.
        notes: by clip id, of all rows that have one.
    """

    place: str
    verdicts: Mapping[str, Verdict]
    lines: Mapping[str, int]
    notes: Mapping[str, str]

    @property
    def made_from(self) -> str:
        """Fingerprint of the decisions; neither place nor notes count."""
        return fingerprint(REVIEWED, dict(sorted(self.verdicts.items())))

    def ids(self, verdict: Verdict) -> pa.Array:
        """Sorted ids of the clips of which this was said."""
        return pa.array(sorted(name for name, said in self.verdicts.items() if said == verdict), pa.string())

    def among(self, ids: pa.Array, verdict: Verdict) -> NDArray[np.bool_]:
        """Bool [n], of which of n clips this was said."""
        return np.asarray(pc.is_in(ids, value_set=self.ids(verdict)).to_numpy(zero_copy_only=False), np.bool_)


def review_of(place: str | None, clips: pa.Table) -> Review | None:
    """The decisions that a run heeds, once sure that they are about its clips and can be followed.

    Args:
        place: `dedup.review`; None where nobody has reviewed.
        clips: CLIPS; an empty table where only ids are known, which are then left to `demand_known`.

    Raises:
        ConfigError: with every line that is wrong.
    """
    if place is None:
        return None
    review = read_review(place)
    if clips.num_rows:
        demand_known(review, clips["clip_id"].combine_chunks())
        _demand_files(review, clips)
    return review


def read_review(place: str) -> Review:
    """Read decisions.

    Args:
        place: path or URL of a CSV file with the columns `clip_id` (or `id`) and `decision` (`keep`, `drop` or
            nothing); `note` is remembered, all other columns are for the reader's eyes.

    Raises:
        ConfigError: it cannot be read; or with every line that says what is no decision, has no id, or one that an
            earlier line has.
    """
    where, verdicts, lines, notes = f"dedup.review={place!r}", dict[str, Verdict](), dict[str, int](), dict[str, str]()
    problems = []
    for line, row in read_sheet(_read(place), where):
        column = next((name for name in IDS if name in row), None)
        if column is None or "decision" not in row:
            problems.append(f"{where} line {line}: no columns clip_id and decision; there are {', '.join(row)}")
            break
        name, said = row[column].strip(), row["decision"].strip().lower()
        if not name:
            problems.append(f"{where} line {line}: no clip_id")
        elif name in lines:
            problems.append(f"{where} line {line}: {name!r} stands on line {lines[name]} already; keep one of them")
        elif said and said not in get_args(Verdict):
            hint = near(said, get_args(Verdict))
            problems.append(f"{where} line {line}: decision {row['decision']!r}{hint}; expected keep, drop or nothing")
        elif said:
            verdicts[name] = cast("Verdict", said)
        lines.setdefault(name, line)
        if row.get("note"):
            notes[name] = row["note"]
    _demand_none(problems)
    return Review(place=place, verdicts=verdicts, lines=lines, notes=notes)


def demand_known(review: Review, ids: pa.Array) -> None:
    """Refuse decisions about what is no clip of the dataset.

    Raises:
        ConfigError: for each, with its line.
    """
    named = pa.array(sorted(review.verdicts, key=review.lines.__getitem__), pa.string())
    unknown = named.filter(pc.invert(pc.is_in(named, value_set=ids))).to_pylist()
    _demand_none([f"{_at(review, name)}: {name!r} is no clip of this dataset; remove the line" for name in unknown])


def _demand_files(review: Review, clips: pa.Table) -> None:
    lost = clips.filter(pc.and_(pc.is_null(clips["uri"]), pc.is_in(clips["clip_id"], value_set=review.ids("keep"))))
    _demand_none(
        [
            f"{_at(review, row['clip_id'])}: {row['clip_id']!r} cannot be kept: it was dropped as {row['reason']} and "
            "keep_filtered=false has removed its file. Empty its decision, or split again with keep_filtered=true and "
            "bounds that let it pass"
            for row in lost.select(["clip_id", "reason"]).to_pylist()
        ]
    )


def _at(review: Review, name: str) -> str:
    return f"dedup.review={review.place!r} line {review.lines[name]}"


def _demand_none(problems: list[str]) -> None:
    if problems:
        more = [f"and {len(problems) - SHOWN} more lines"] if len(problems) > SHOWN else []
        raise ConfigError(problems[:SHOWN] + more)


def _read(place: str) -> bytes:
    try:
        fs, path = located(place)
        size = int(fs.size(path) or 0)
        if size > MAX_BYTES:
            raise ConfigError([f"dedup.review={place!r} has {size} bytes; a review has {MAX_BYTES} at most"])
        return bytes(fs.cat_file(path))
    except OSError as error:
        raise ConfigError([f"dedup.review={place!r} cannot be read: {error}"]) from error
