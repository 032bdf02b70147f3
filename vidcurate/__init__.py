"""Raw videos in; a de-duplicated, sharded, training-ready dataset out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vidcurate.recipe import Recipe
    from vidcurate.run import curate

__all__ = ["Recipe", "curate"]


def __getattr__(name: str) -> Any:
    """Import the public names on first use, so that the command line starts without heavy libraries."""
    if name == "curate":
        from vidcurate.run import curate

        return curate
    if name == "Recipe":
        from vidcurate.recipe import Recipe

        return Recipe
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
