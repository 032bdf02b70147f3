"""Where models run, and how their answers are kept the same wherever that is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


def best_device() -> str:
    """`cuda` where a GPU can be used, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


@contextmanager
def inference() -> Iterator[None]:
    """Run models without gradients and, on the CPU, on one thread.

    Kernels may add in another order when they share the work, so the number of cores would show in the last bits of
    the results. Videos, not operators, are what vidcurate spreads over cores.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.set_num_threads(threads)
