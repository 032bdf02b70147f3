"""What a section of the report is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vidcurate.report.clips import Clips
from vidcurate.report.dataset import Dataset
from vidcurate.store.files import Store


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Context:
    """What there is to tell of.

    Attributes:
        store: the dataset's files.
        summary: what the run says of itself.
        dataset: its tables.
        clips: those that the page shows; a section asks it for the row of a clip.
    """

    store: Store
    summary: Mapping[str, Any]
    dataset: Dataset
    clips: Clips


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Section:
    """A part of the page.

    Attributes:
        name: of `section/{name}.html.j2` and, where there are such files, of its `.js` and `.css`; its anchor.
        title: in the list of sections.
        heading: above it; empty takes the title.
        facts: what its template finds below `facts`.
        data: what its script finds as `data[name]`.
    """

    name: str
    title: str
    heading: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
