"""A Dask cluster on the GPUs of this machine, started here: a worker to each, on the cores that are next to it.

Source: LocalCUDACluster of RAPIDS dask-cuda. Not yet run on a GPU by us. GPUs of other machines: start `dask cuda
worker` there and use `runtime=dask_address`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vidcurate.errors import ConfigError, MissingExtra
from vidcurate.registry import Count, register
from vidcurate.runtime.on_dask import Memory, OnDask

if TYPE_CHECKING:
    from distributed import Client


@register
class DaskCUDA(OnDask):
    """A worker on each GPU.

    Attributes:
        gpus: numbers of those that are used; None takes all that CUDA_VISIBLE_DEVICES leaves.
        threads_per_worker: items that a worker has in hand at a time.
        memory_limit: of a worker on the host; beyond it the worker is started anew.
        rmm_pool: memory of each GPU that RAPIDS (cuml, cudf) reserves at once, and torch cannot have; None reserves
            none.
    """

    gpus: tuple[int, ...] | None = None
    threads_per_worker: Count = 1
    memory_limit: Memory = "auto"
    rmm_pool: Memory | None = None

    def check(self) -> None:
        """Ask for a GPU, then for the packages.

        Raises:
            ConfigError: there is no GPU that torch can use.
            MissingExtra: Dask or dask-cuda is not installed.
        """
        import torch

        if not torch.cuda.is_available():
            raise ConfigError(["runtime=dask_cuda needs an Nvidia GPU, and torch sees none; choose runtime=processes"])
        super().check()
        if importlib.util.find_spec("dask_cuda") is None:
            raise MissingExtra(self.name, package="dask-cuda[cu13]", extra="gpu")

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client of the cluster."""
        from dask_cuda import LocalCUDACluster
        from distributed import Client

        with (
            LocalCUDACluster(
                CUDA_VISIBLE_DEVICES=None if self.gpus is None else list(self.gpus),
                threads_per_worker=self.threads_per_worker,
                memory_limit=self.memory_limit,
                rmm_pool_size=self.rmm_pool,
                dashboard_address="127.0.0.1:0",
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            yield client
