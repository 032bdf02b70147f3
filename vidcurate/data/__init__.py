"""What a trainer imports: clips from shards, decoded and batched, in an order that can be resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vidcurate.data.module import VideoData

__all__ = ["VideoData"]


def __getattr__(name: str) -> Any:
    """`VideoData`, once it is asked for: Lightning takes seconds to import, and the parts do without."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from vidcurate.data.module import VideoData

    return VideoData
