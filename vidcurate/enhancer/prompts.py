"""What enhancers ask of a model, in words."""

from __future__ import annotations

from typing import Literal

Variant = Literal["default", "av", "av-surveillance"]
"""Which of the prompts below, by the kind of video that was captioned."""

KEEP = "Keep every fact, number and name, add none, and answer with the new caption alone."

PROMPTS: dict[Variant, str] = {
    "default": f"Rewrite this caption of a video as one fluent paragraph, from beginning to end. {KEEP}",
    "av": (
        "Rewrite this caption of a video that was filmed from a driving vehicle: first the road, weather and light, "
        f"then the other road users, then what the vehicle does and why. {KEEP}"
    ),
    "av-surveillance": (
        "Rewrite this caption of a video from a fixed camera over a road: first the place, weather and light, then the "
        f"traffic, then every incident in the order of time. {KEEP}"
    ),
}


def question(variant: Variant, prompt: str | None, caption: str) -> str:
    """What is asked about one caption: a text of the user's own or that of a variant, and the caption below it."""
    return f"{PROMPTS[variant] if prompt is None else prompt}\n\n{caption}"
