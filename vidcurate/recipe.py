"""One choice of component per family: everything that decides what a dataset looks like."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Annotated, Literal, get_args

import pydantic

from vidcurate.captioner.base import Captioner
from vidcurate.captioner.none import NoCaptions
from vidcurate.cluster.base import Cluster
from vidcurate.cluster.kmeans import KMeans
from vidcurate.dedup.base import Dedup
from vidcurate.dedup.leader import Leader
from vidcurate.embedder.base import Embedder
from vidcurate.embedder.efficientnet_lite import EfficientNetLite
from vidcurate.enhancer.base import Enhancer
from vidcurate.enhancer.none import NoEnhancement
from vidcurate.errors import ConfigError
from vidcurate.filter.base import Filter
from vidcurate.filter.luma import Luma
from vidcurate.filter.motion import Motion
from vidcurate.neighbours.auto import Auto
from vidcurate.neighbours.base import Neighbours
from vidcurate.preview.base import Preview
from vidcurate.preview.webp import WebP
from vidcurate.registry import Component, Count, Fraction01, Positive, Seconds, described, near, settings
from vidcurate.sharder.base import Sharder
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.splitter.base import Splitter
from vidcurate.splitter.transnetv2 import TransNetV2
from vidcurate.transcoder.base import Transcoder
from vidcurate.transcoder.h264 import H264

Step = Literal["takedown", "split", "dedup", "advise", "review", "shard", "recaption", "verify"]
STEPS: tuple[Step, ...] = get_args(Step)
"""The steps of the work, in the order in which they are done."""
ALONE = ("doctor", "plan", "tune_shots")
"""Steps that make nothing of a dataset, each of which is done by itself."""


@settings
class Doctor:
    """What the step `doctor` has in mind.

    Attributes:
        steps: those that should be possible on this machine; what only others need is noted at most.
    """

    steps: tuple[Step, ...] = ("split", "dedup", "shard")


Planned = Literal["split", "dedup", "shard"]
"""A step that can be planned."""


@settings
class Plan:
    """How the step `plan` looks ahead.

    Attributes:
        steps: of the run that is planned; split is one of them.
        share: of the seconds of video that is tried, at least.
        minutes: of video that are tried, at least, if there are as many.
        max_minutes: that are tried, at most, or little more.
        stretch: seconds that are tried of a longer video.
        price_per_cpu_hour: of a core that is held, in any currency; None leaves cost out, as with the next two.
        price_per_gpu_hour: likewise of a GPU.
        price_per_gib_month: of storage.
    """

    steps: tuple[Planned, ...] = ("split", "dedup", "shard")
    share: Annotated[float, pydantic.Field(gt=0, le=1)] = 0.01
    minutes: Positive = 10.0
    max_minutes: Positive = 60.0
    stretch: Positive = 120.0
    price_per_cpu_hour: Seconds | None = None
    price_per_gpu_hour: Seconds | None = None
    price_per_gib_month: Seconds | None = None

    def __post_init__(self) -> None:
        """Refuse a plan without split: what comes after works on what it has stored."""
        if self.steps not in PLANNED:
            raise ValueError(f"plan steps from split on: {', '.join(str(list(steps)) for steps in PLANNED)}")


PLANNED: tuple[tuple[Planned, ...], ...] = (("split",), ("split", "dedup"), ("split", "dedup", "shard"))
"""What can be planned together."""


@settings
class Advise:
    """How the step `advise` looks for an epsilon.

    Attributes:
        per_band: pairs that are drawn to be marked, of every band of similarity, at most.
        precision: share of the pairs above 1 - eps that should show the same; the lower end of its interval must be it.
        labels: path or URL of the marks; None takes `semantic/labels.csv` or `.json`, if there is one.
    """

    per_band: Count = 20
    precision: Annotated[float, pydantic.Field(gt=0, lt=1)] = 0.95
    labels: str | None = None


Tunable = Literal["transnetv2", "fused", "adaptive", "content", "hash", "hist"]
"""A splitter that can be tuned."""


@settings
class TuneShots:
    """How the step `tune_shots` looks for a splitter.

    Attributes:
        splitters: that one is chosen of, beside that of the config.
        reels: that are made; thresholds are set on one half and judged on the other.
        shots: of each reel, at most.
        videos: of the source that reels are made of, at most.
    """

    splitters: tuple[Tunable, ...] = get_args(Tunable)
    reels: Annotated[int, pydantic.Field(ge=2)] = 6
    shots: Annotated[int, pydantic.Field(ge=2)] = 30
    videos: Annotated[int, pydantic.Field(ge=2)] = 40


Decoder = Literal["cpu", "nvdec"]
"""What decodes videos."""

LoaderName = Literal["webdataset", "tarfile", "wids", "datasets", "vidcurate", "megatron-energon", "litdata"]
"""What reads shards, as `verify.loaders` names it."""


@settings
class Verify:
    """How closely the step `verify` looks at a dataset.

    Attributes:
        sample: share of the clips that are decoded, drawn by the seed; None or 0 decodes none.
        loaders: names of those that must be able to read the shards; `auto` takes those that are installed.
    """

    sample: Fraction01 | None = 1.0
    loaders: Literal["auto"] | tuple[LoaderName, ...] = "auto"


Shown = Literal["csv", "parquet", "fiftyone"]
"""Formats in which clips are shown to people."""


@settings
class Reviewing:
    """What the step `review` writes.

    Attributes:
        formats: `csv` to be edited by hand, `parquet` with pictures, and datasets for `fiftyone`.
        embeddings: whether the samples of the last have their vectors.
    """

    formats: tuple[Shown, ...] = ("csv", "parquet", "fiftyone")
    embeddings: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """The components of a run; the defaults are those of `conf/config.yaml`.

    Attributes:
        decoder: `cpu`, or `nvdec` for the GPU where it can; of damaged videos the two may save other frames.
        splitter: finds shots.
        transcoder: writes clips.
        filter: score clips, in this order.
        keep_filtered: whether files of dropped clips stay, in `filtered_clips`; rows, scores and reasons always do.
        embedder: turns clips into vectors.
        captioner: puts clips into words.
        enhancer: rewrites captions.
        preview: shows clips to people.
        cluster: groups vectors.
        neighbours: compares vectors.
        dedup: decides which clips are duplicates.
        advise: how an epsilon is looked for.
        sharder: packs the dataset.
        review: how clips are shown to people.
        verify: how closely the result is looked at.
        plan: how a run is looked ahead to.
    """

    decoder: Decoder = "cpu"
    splitter: Splitter = TransNetV2()
    transcoder: Transcoder = H264()
    filter: tuple[Filter, ...] = (Motion(), Luma())
    keep_filtered: bool = True
    embedder: Embedder = EfficientNetLite()
    captioner: Captioner = NoCaptions()
    enhancer: Enhancer = NoEnhancement()
    preview: Preview = WebP()
    cluster: Cluster = KMeans()
    neighbours: Neighbours = Auto()
    dedup: Dedup = Leader()
    advise: Advise = Advise()
    sharder: Sharder = WebDataset()
    review: Reviewing = Reviewing()
    verify: Verify = Verify()
    plan: Plan = Plan()

    def config(self) -> dict[str, object]:
        """The recipe as a config would say it: each component's `_target_` and settings."""
        filters = {entry.name: described(entry) for entry in self.filter}
        parts = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "filter"}
        families = {name: described(part) if isinstance(part, Component) else part for name, part in parts.items()}
        wishes = {
            name: {field.name: getattr(parts[name], field.name) for field in dataclasses.fields(parts[name])}
            for name in ("advise", "review", "verify", "plan")
        }
        return {"filter": filters, **families, **wishes}

    def check(self, steps: Collection[str]) -> None:
        """Whether this machine can do these steps; called before any work.

        Args:
            steps: of `STEPS`.

        Raises:
            MissingExtra: a component's package is not installed.
            MissingWeights: a model's weights are not there.
            ConfigError: there is no such step, no GPU that decodes, or a plan of more than a plan.
        """
        if set(steps) == {"plan"}:
            return self.check(self.plan.steps)
        if "plan" in steps:
            raise ConfigError([f"steps={list(steps)}: plan is done by itself, and plan.steps says what is planned"])
        unknown = [step for step in steps if step not in STEPS]
        if unknown:
            raise ConfigError([f"steps: {step!r} is not a step{near(step, STEPS)}; steps: {STEPS}" for step in unknown])
        if "split" in steps and self.decoder == "nvdec":
            from vidcurate.video import nvdec  # brings PyAV

            if wanting := nvdec.missing():
                raise ConfigError([f"decoder=nvdec cannot be had here: {wanting}; take decoder=cpu"])
        for component in self.components(steps):
            component.check()

    def components(self, steps: Collection[str]) -> tuple[Component, ...]:
        """Those that these steps use, each once, in the order of the steps."""
        needed: dict[str, tuple[Component, ...]] = {
            "takedown": (),
            "split": (
                self.splitter,
                self.transcoder,
                *self.filter,
                self.embedder,
                self.captioner,
                self.enhancer,
                self.preview,
            ),
            "dedup": (self.cluster, self.neighbours, self.dedup),
            "advise": (self.dedup,),
            "shard": (self.dedup, self.sharder),
            "recaption": (self.captioner, self.enhancer),
            "review": (),
            "verify": (),
        }
        return tuple(dict.fromkeys(entry for step in steps for entry in needed[step]))
