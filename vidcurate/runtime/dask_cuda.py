"""A Dask cluster on the GPUs of this machine, started here: a worker to each, on the cores that are next to it.

Source: LocalCUDACluster of RAPIDS dask-cuda 26.10, which also binds each worker to the cores and network cards that are
next to its GPU. Not yet run on a GPU by us. GPUs of other machines: start `dask cuda worker` there and use
`runtime=dask_address`.
"""

from __future__ import annotations

import importlib.util
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated

import pydantic

from vidcurate.errors import MissingDevice, MissingExtra
from vidcurate.registry import Count, register
from vidcurate.runtime.on_dask import Memory, OnDask
from vidcurate.runtime.started import started

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

Number = Annotated[int, pydantic.Field(ge=0)]


@register
class DaskCUDA(OnDask):
    """A worker on each GPU.

    Attributes:
        gpus: numbers of those that are used; None takes all that CUDA_VISIBLE_DEVICES leaves.
        threads_per_worker: videos that a worker has in hand at a time: while the models look at one, others are decoded
            and encoded.
        memory_limit: of a worker on the host; beyond it the worker is started anew.
        device_memory_limit: of what cuml and cudf hold on a GPU; beyond it Dask moves it to the host. None leaves that
            to dask-cuda. Models are torch's, and count in neither: where they do not fit, batches are halved.
        rmm_pool: memory of each GPU that cuml and cudf reserve at once, and torch cannot have; None reserves none.
    """

    gpus: tuple[Number, ...] | None = None
    threads_per_worker: Count = 2
    memory_limit: Memory = "auto"
    device_memory_limit: Memory | None = None
    rmm_pool: Memory | None = None

    @property
    def width(self) -> int | None:
        """Threads of all workers; None where all GPUs are used, as many as there are."""
        return None if self.gpus is None else len(self.gpus) * self.threads_per_worker

    def check(self) -> None:
        """Ask for a GPU, then for the packages.

        Raises:
            MissingDevice: there is no GPU that torch can use.
            MissingExtra: Dask or dask-cuda is not installed.
        """
        import torch

        if not torch.cuda.is_available():
            raise MissingDevice("runtime=dask_cuda needs an Nvidia GPU, and torch sees none; choose runtime=processes")
        super().check()
        if importlib.util.find_spec("dask_cuda") is None:
            raise MissingExtra(self.name, package="dask-cuda[cu13]", extra="gpu")

    def client(self) -> AbstractContextManager[Client]:
        """A client of the cluster."""
        return started(self._start)

    def _start(self) -> LocalCluster:
        from dask_cuda import LocalCUDACluster

        # Only what is given: the defaults have other names from release to release.
        limits = {"device_memory_limit": self.device_memory_limit, "rmm_pool_size": self.rmm_pool}
        return LocalCUDACluster(
            CUDA_VISIBLE_DEVICES=None if self.gpus is None else list(self.gpus),
            threads_per_worker=self.threads_per_worker,
            memory_limit=self.memory_limit,
            resources={"model": self.threads_per_worker},
            dashboard_address="127.0.0.1:0",
            **{name: limit for name, limit in limits.items() if limit is not None},
        )
