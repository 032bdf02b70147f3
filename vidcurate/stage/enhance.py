"""From stored captions to enhanced ones; no clip is read for it."""

from __future__ import annotations

from collections.abc import Sequence

from vidcurate.enhancer.base import Enhancer
from vidcurate.errors import ShapeError
from vidcurate.registry import loaded
from vidcurate.stage.record import Row
from vidcurate.timings import timed


def enhanced(captions: Sequence[Row], enhancer: Enhancer, device: str) -> list[Row]:
    """Rows of CAPTIONS, those that have a caption with what an enhancer makes of it.

    Raises:
        ShapeError: the enhancer gave more or fewer answers than it got captions.
    """
    told = [position for position, row in enumerate(captions) if row["caption"]]
    with timed("enhance"):
        answers = loaded(enhancer, device)([captions[position]["caption"] for position in told])
    if len(answers) != len(told):
        raise ShapeError(f"enhancer {enhancer.name}: {len(answers)} answers for {len(told)} captions")
    rows = [row | {"enhancer": enhancer.name, "enhanced_caption": "", "enhancer_failure": ""} for row in captions]
    for position, answer in zip(told, answers, strict=True):
        rows[position] |= {"enhanced_caption": answer.text, "enhancer_failure": answer.failure}
    return rows
