"""Who must be asked before anything is written below a root: whoever holds a lease on it in this process."""

from __future__ import annotations

from collections.abc import Callable

_permits: dict[str, Callable[[], None]] = {}


def demand(root: str) -> None:
    """Ask, if there is anyone to be asked.

    Args:
        root: of the store, as it was given.

    Raises:
        Busy: the dataset is another run's by now.
    """
    if (permit := _permits.get(root)) is not None:
        permit()


def require(root: str, permit: Callable[[], None]) -> None:
    """Have a function asked before every write below a root."""
    _permits[root] = permit


def release(root: str) -> None:
    """Ask it no more."""
    _permits.pop(root, None)
