"""What captioners ask of a model, in words."""

from __future__ import annotations

from typing import Literal

Variant = Literal["default", "av", "av-surveillance"]
"""Which of the prompts below: for any video, for one filmed from a vehicle, for one of a camera over a road."""

PROMPTS: dict[Variant, str] = {
    "default": (
        "Describe this video in one paragraph of plain sentences: who and what is in it and how they look, what "
        "happens from beginning to end, where it takes place, the light, and how the camera moves. Say only what can "
        "be seen. Begin with the subject itself, not with words such as 'the video'."
    ),
    "av": (
        "This video was filmed from a driving vehicle. Describe in one paragraph: the kind of road and its lanes, "
        "weather and light, signs and the colour of traffic lights, the other vehicles, cyclists and pedestrians with "
        "their place relative to this vehicle and what each does, and how this vehicle moves: speeding up, braking, "
        "turning, changing lanes. Name whatever the driver has to react to. Say only what can be seen."
    ),
    "av-surveillance": (
        "This video was filmed by a fixed camera that looks at a road. Describe in one paragraph: the layout of the "
        "road or junction, weather and light, how dense the traffic is, the paths that vehicles, cyclists and "
        "pedestrians take and how they give way to each other. Name every collision, near miss, broken rule or "
        "stopped vehicle and when it happens. Say only what can be seen."
    ),
}

REFINE = (
    "Look at the video again, closely. Correct what is wrong in the description above, add what it leaves out, take "
    "away what cannot be seen, and answer with the better description alone."
)
"""The default question of a second stage."""


def first(variant: Variant, prompt: str | None) -> str:
    """The question: a text of the user's own, or that of a variant."""
    return PROMPTS[variant] if prompt is None else prompt


def second(asked: str, caption: str, prompt: str | None) -> str:
    """The question of a second stage, which quotes what the first has asked and got.

    Args:
        asked: the first question.
        caption: the first answer.
        prompt: what to do with it; None for `REFINE`.
    """
    return f"{asked}\n\nA first description:\n{caption}\n\n{REFINE if prompt is None else prompt}"
