"""What the events of a run add up to, as it goes on: videos, seconds by stage, workers, the queue."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from vidcurate.events import Event


@dataclass(slots=True)
class Worker:
    """What one worker has done: `items`, and the `seconds` that they took."""

    items: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Step:
    """What one step of the work took.

    Attributes:
        seconds: from its beginning to its end; None while it goes on.
        items: that workers have ended.
        item_seconds: of all workers together.
        cpu_seconds: of the threads that the items ran on, without those that decode or encode beside them.
        stages: seconds of all workers together, by stage.
        workers: by name.
        gpus: names of those that were used.
        stored: products that were there already and are not made again.
        count: products that there are to be.
        unit: what those are.
    """

    seconds: float | None = None
    items: int = 0
    item_seconds: float = 0.0
    cpu_seconds: float = 0.0
    stages: Counter[str] = field(default_factory=Counter)
    workers: dict[str, Worker] = field(default_factory=dict)
    gpus: set[str] = field(default_factory=set)
    stored: int = 0
    count: int = 0
    unit: str = ""

    @property
    def known(self) -> str:
        """How much was there already, in words; empty where nobody has told."""
        return f"{self.stored:,} of {self.count:,} {self.unit}" if self.count else ""


@dataclass(slots=True)
class Tally:
    """The sums of a run.

    Attributes:
        run: facts of its first event.
        began: of the first event, seconds since 1970.
        last: of the last one.
        how: it ended: `done`, or the name of an error; empty while it goes on.
        steps: by name, in order.
        videos: how many ended as processed, filtered, failed, ...
        reasons: of those that failed.
        video_seconds: how long the videos last.
        video_bytes: of their files.
        clips: that were cut or looked at again.
        waiting: items that no worker has; None where nobody knows.
        under_way: items that workers have.
        lost: items whose workers were lost.
        workers_lost: workers that died.
    """

    run: Event = field(default_factory=dict)
    began: float = 0.0
    last: float = 0.0
    how: str = ""
    steps: dict[str, Step] = field(default_factory=dict)
    videos: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    video_seconds: float = 0.0
    video_bytes: int = 0
    clips: int = 0
    waiting: int | None = 0
    under_way: int = 0
    lost: int = 0
    workers_lost: int = 0
    _step: str = ""

    @property
    def items(self) -> int:
        """That workers have ended, in all steps."""
        return sum(step.items for step in self.steps.values())

    @property
    def stages(self) -> dict[str, float]:
        """Seconds of all workers and steps together, by stage; may be asked for while another thread hears."""
        found: dict[str, float] = {}
        for step in tuple(self.steps.values()):
            for stage, seconds in dict(step.stages).items():
                found[stage] = found.get(stage, 0.0) + seconds
        return found

    @property
    def step(self) -> str:
        """The one that goes on, or the last one."""
        return self._step

    def hear(self, event: Event) -> None:
        """Add an event."""
        self.last = event["time"]
        self.began = self.began or self.last
        match event["event"]:
            case "run":
                self.run = event
            case "step":
                self._step = event["step"]
                step = self.steps.setdefault(self._step, Step())
                step.seconds = event.get("seconds")
            case "item":
                self._add(event)
            case "video":
                self.videos[event["status"]] += 1
                if event["status"] == "failed":
                    self.reasons[event["reason"]] += 1
                self.video_seconds += event["duration"]
                self.video_bytes += event["bytes"]
                self.clips += event["clips"]
            case "stored" if event["step"] == self._step:
                step = self.steps.setdefault(self._step, Step())
                step.stored += event["stored"]
                step.count += event["count"]
                step.unit = event["unit"]
            case "queue":
                self.waiting, self.under_way = event["todo"], event["under_way"]
            case "lost":
                self.lost += 1
            case "worker_lost":
                self.workers_lost += 1
            case "end":
                self.how, self.waiting, self.under_way = event["how"], 0, 0

    def _add(self, item: Event) -> None:
        step = self.steps.setdefault(self._step, Step())
        step.items += 1
        step.item_seconds += item["seconds"]
        step.cpu_seconds += item["cpu_seconds"]
        for stage, seconds in item["stages"].items():
            step.stages[stage] += seconds
        worker = step.workers.setdefault(item["worker"], Worker())
        worker.items += 1
        worker.seconds += item["seconds"]
        if item["gpu"]:
            step.gpus.add(item["gpu"])
