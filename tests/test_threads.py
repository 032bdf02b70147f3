"""Several videos in the threads of one worker, as on a GPU: the same bytes as one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.media import write_video
from tests.test_pipeline import FAST, everything
from vidcurate import curate
from vidcurate.embedder.efficientnet_lite import EfficientNetLite
from vidcurate.registry import settings
from vidcurate.runtime.base import Runtime
from vidcurate.runtime.task import Done, Item, Lost, Result, Task
from vidcurate.source.folder import Folder


@pytest.mark.slow
@settings
class Threads(Runtime):
    """What a worker with several threads does."""

    def run(
        self, task: Task[Item, Result], items: Iterable[Item], *, models: bool
    ) -> Iterator[Done[Result] | Lost[Item]]:
        with ThreadPoolExecutor(3) as pool:
            yield from pool.map(task, items)


def test_videos_in_the_threads_of_one_worker_are_the_same_bytes(tmp_path):
    (tmp_path / "videos").mkdir()
    for seed in range(4):
        write_video(tmp_path / "videos" / f"{seed}.mp4", (20, 20), seed=seed)
    recipe = replace(FAST, embedder=EfficientNetLite())

    for out, runtime in (("threads", Threads()), ("one", None)):
        curate(recipe, source=Folder(path=str(tmp_path / "videos")), out=str(tmp_path / out), runtime=runtime)

    assert everything(tmp_path / "threads") == everything(tmp_path / "one")
