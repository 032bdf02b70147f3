"""Captions of a dataset that was split elsewhere: windows name each after the model that said it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from vidcurate.errors import MissingInput
from vidcurate.stage.record import Row

CAPTION, ENHANCED = "_caption", "_enhanced_caption"

Meta = Mapping[str, Any]


def caption_rows(metas: Mapping[str, Meta], given: str | None) -> list[Row]:
    """Rows of CAPTIONS, one for every window.

    Args:
        metas: by the id of their clip.
        given: which caption to take, `qwen` or `qwen_caption`; None the only one, or the first that all windows have.

    Raises:
        MissingInput: there is no such caption, or several and none that all windows have.
    """
    windows = [(name, window) for name, meta in metas.items() for window in meta.get("windows") or ()]
    key = _caption_key([window for _, window in windows], given)
    return [_caption(name, window, key) for name, window in windows]


def _caption_key(windows: Sequence[Meta], given: str | None) -> str:
    """The field of windows that is the caption."""
    found = Counter(key for window in windows for key in window if key.endswith(CAPTION) and not key.endswith(ENHANCED))
    counts = ", ".join(f"{key.removesuffix(CAPTION)} ({count})" for key, count in found.items()) or "none"
    if given is not None:
        key = given.removesuffix(CAPTION) + CAPTION
        if key not in found:
            raise MissingInput(
                f"caption_key={given!r}: none of {len(windows)} windows has a {key}; there are: {counts}"
            )
        return key
    everywhere = [key for key, count in found.items() if count == len(windows)]
    if not everywhere and len(found) > 1:
        raise MissingInput(f"no caption is in all {len(windows)} windows: {counts}; choose one with caption_key=...")
    return next(iter(everywhere or found), CAPTION)


def _caption(name: str, window: Meta, key: str) -> Row:
    model = key.removesuffix(CAPTION)
    enhanced = next((field for field in window if field.endswith(ENHANCED) and window[field]), "")
    return {
        "clip_id": name,
        "start_frame": window.get("start_frame"),
        "end_frame": window.get("end_frame"),
        "captioner": model,
        "caption": window.get(key) or "",
        "failure": window.get("caption_failure_reason") or "",
        "prompt_tokens": window.get(f"{model}_prompt_tokens") or 0,
        "output_tokens": window.get(f"{model}_output_tokens") or 0,
        "enhancer": enhanced.removesuffix(ENHANCED),
        "enhanced_caption": window.get(enhanced) or "",
        "enhancer_failure": "",
    }
