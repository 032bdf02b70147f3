from __future__ import annotations

from collections.abc import Sequence

import pytest

from vidcurate.enhancer.base import Enhance, Enhancer
from vidcurate.enhancer.none import NoEnhancement
from vidcurate.errors import ShapeError
from vidcurate.records import Answer
from vidcurate.registry import settings
from vidcurate.stage.enhance import enhanced


@settings
class Shout(Enhancer):
    """Fails at captions of one letter; `first` of its answers are given, or all."""

    first: int | None = None

    @property
    def name(self) -> str:
        return "shout"

    def load(self, device: str) -> Enhance:
        def shout(captions: Sequence[str]) -> list[Answer]:
            said = [Answer(text=text.upper()) if text[1:] else Answer(failure="short") for text in captions]
            return said[: self.first]

        return shout


ROWS = [{"caption": text, "clip_id": str(number)} for number, text in enumerate(("dog", "", "x", "a cat"))]


def test_every_caption_gets_its_own_rewriting_and_failures_stay_where_they_are():
    rows = enhanced(ROWS, Shout(), "cpu")

    assert [row["enhanced_caption"] for row in rows] == ["DOG", "", "", "A CAT"]
    assert [row["enhancer_failure"] for row in rows] == ["", "", "short", ""]
    assert [{"caption": row["caption"], "clip_id": row["clip_id"]} for row in rows] == ROWS
    assert enhanced(ROWS[::-1], Shout(), "cpu") == rows[::-1]


def test_no_enhancer_takes_earlier_enhancements_away():
    rows = enhanced(enhanced(ROWS, Shout(), "cpu"), NoEnhancement(), "cpu")

    assert {row["enhanced_caption"] for row in rows} == {""}
    assert {row["enhancer"] for row in rows} == {"none"}


def test_an_enhancer_that_loses_an_answer_is_found_out():
    with pytest.raises(ShapeError, match="2 answers for 3 captions"):
        enhanced(ROWS, Shout(first=2), "cpu")
