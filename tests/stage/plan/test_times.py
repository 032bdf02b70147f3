from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.stage.plan.test_sample import many
from vidcurate.recipe import Plan, Recipe
from vidcurate.runtime.dask import Dask
from vidcurate.runtime.dask_slurm import DaskSlurm
from vidcurate.runtime.local import Local
from vidcurate.runtime.processes import Processes
from vidcurate.splitter.fixed import Fixed
from vidcurate.stage.plan.measured import Trial, Tried
from vidcurate.stage.plan.sample import draw
from vidcurate.stage.plan.times import makespan, split_times, step_times
from vidcurate.stage.plan.totals import Totals

VIDEOS = many(*([10.0] * 100))


def trial(seconds: float, extra: float = 0.0, firsts: int = 2) -> Trial:
    """Each video takes some seconds to embed and as many to encode; the first ones of a worker take more to embed."""
    units = draw(VIDEOS, Plan(minutes=2), seed=0)
    tried = []
    for number, _ in enumerate(units):
        stages = Counter(embed=seconds + extra * (number < firsts), encode=seconds)
        whole = stages.total()
        tried.append(
            Tried(clips=5, seconds=whole, cpu_seconds=whole / 2, stages=stages, first=number < firsts, packed_bytes=100)
        )
    return Trial(
        units=units,
        tried=tuple(tried),
        steps={"split": (makespan((one.seconds for one in tried), firsts) + 3.0, 0.5), "dedup": (1.0, 0.9)},
        items=tuple(one.seconds for one in tried),
        workers=firsts,
        gpus=0,
        across=0,
        tables_bytes=0,
        shards_bytes=0,
        pages_bytes=0,
        pack_cpu_seconds=0.0,
        dim=100,
    )


def test_what_a_first_video_takes_more_is_start_up_and_paid_once_by_every_worker():
    found = trial(0.5, extra=7.0)

    times = split_times(Totals.of(VIDEOS, found), VIDEOS, found, Recipe(), Processes(workers=10, part_minutes=None))

    assert times.start == pytest.approx(7.0)
    assert times.start_cpu == pytest.approx(3.5)
    assert times.seconds.value == pytest.approx(100 * 1.0)
    assert times.cpu.value == pytest.approx(100 * 0.5)
    assert times.wall.value == pytest.approx(100 / 10 + 7.0 + 3.0)
    assert {stage.name: stage.start for stage in times.stages} == {"embed": pytest.approx(7.0), "encode": 0.0}


def test_where_every_video_was_the_first_of_its_worker_nothing_is_called_start_up():
    found = trial(0.5, extra=7.0, firsts=99)

    times = split_times(Totals.of(VIDEOS, found), VIDEOS, found, Recipe(), Local())

    assert times.start == 0
    assert times.seconds.value == pytest.approx(100 * 8.0)


def test_parts_of_long_videos_are_shared_by_workers():
    videos = many(3600.0, 60.0)
    units = draw(videos, Plan(minutes=120, max_minutes=120), seed=0)
    tried = [Tried(seconds=unit.length, stages=Counter(embed=unit.length)) for unit in units]
    found = replace(trial(1), units=units, tried=tuple(tried))
    totals = Totals.of(videos, found)

    shared = split_times(totals, videos, found, Recipe(splitter=Fixed()), Processes(workers=6, part_minutes=10))
    alone = split_times(totals, videos, found, Recipe(splitter=Fixed()), Processes(workers=6, part_minutes=None))

    assert shared.wall.value - alone.wall.value == pytest.approx(660 - 3600)


def test_more_clips_take_dedup_longer_by_the_rates_that_were_measured():
    found = trial(0.5)
    tried = sum(one.clips for one in found.tried)

    same = step_times(found, Recipe(), tried, 0, workers=2)["dedup"]
    more = step_times(found, Recipe(), 1_000_000, 0, workers=2)["dedup"]

    assert same == (1.0, 0.9)
    assert more[1] == pytest.approx(0.9 + 1e12 * 100 / 2 / 2.5e10 + 130, rel=1e-3)


def test_runtimes_say_how_many_items_they_work_on_at_a_time():
    assert Local().width == 1
    assert Processes(workers=3).width == 3
    assert Dask(workers=4, threads_per_worker=2).width == 8
    assert DaskSlurm(max_jobs=5, cores=8, processes=4).width == 40
    assert Processes(workers=3).narrowed(2) == Processes(workers=2)
    assert Processes(workers=3).narrowed(9) == Processes(workers=3)
    assert Dask(workers=4, threads_per_worker=2).narrowed(4) == Dask(workers=2, threads_per_worker=2)
