"""faiss, as everything that uses it asks for it: said to be missing before any work, and silent when it is imported."""

from __future__ import annotations

import importlib.util
import logging

from vidcurate.errors import MissingExtra
from vidcurate.model.asked import Asked, ask


def require(component: str) -> None:
    """Make sure that faiss is there, and that it does not tell at length which CPU it is built for.

    Args:
        component: who needs it.

    Raises:
        MissingExtra: it is not installed.
    """
    if importlib.util.find_spec("faiss") is None:
        raise MissingExtra(component, package="faiss-cpu", extra="cpu")
    ask(Asked("module", "faiss"))
    logging.getLogger("faiss.loader").setLevel(logging.WARNING)


def gpus(component: str, device: str) -> int:
    """GPUs that faiss can use; 0 on the CPU.

    Args:
        component: who asks, for the log.
        device: where the work should be done.
    """
    if not device.startswith("cuda"):
        return 0
    import faiss

    count = int(faiss.get_num_gpus())
    if not count:
        logging.getLogger(__name__).info("%s: this faiss has no GPU; working on the CPU", component)
    return count
