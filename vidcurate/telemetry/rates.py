"""How fast a run is, in the figures that others publish, so that they can be compared."""

from __future__ import annotations

from dataclasses import dataclass

from vidcurate.telemetry.tally import Tally

DAY, HOUR = 86400, 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Of split, which is the only step that works on whole videos.

    Attributes:
        realtime: seconds of video per second of the step; 2 is twice real time.
        per_day: hours of video that a day of such work gets through.
        per_worker: hours of video per day of a worker that is never idle.
        per_gpu: `per_day` by GPU; None where none is used. It is what cosmos-curate's benchmarks call
            video_hours_per_day_per_gpu: hours of input video, per day of run time, per GPU.
    """

    realtime: float
    per_day: float
    per_worker: float
    per_gpu: float | None


def rates(tally: Tally) -> Rates | None:
    """How fast a run was, or is so far.

    Returns:
        None before the first video has ended.
    """
    step = tally.steps.get("split")
    if step is None or not tally.video_seconds or not step.item_seconds:
        return None
    seconds = step.seconds if step.seconds is not None else tally.last - tally.began
    per_day = hours_per_day(tally.video_seconds, seconds)
    return Rates(
        realtime=tally.video_seconds / seconds,
        per_day=per_day,
        per_worker=hours_per_day(tally.video_seconds, step.item_seconds),
        per_gpu=per_day / len(step.gpus) if step.gpus else None,
    )


def hours_per_day(video_seconds: float, seconds: float) -> float:
    """Hours of video per day.

    >>> hours_per_day(video_seconds=3600, seconds=3600)
    24.0
    """
    return (video_seconds / HOUR) / (seconds / DAY)
