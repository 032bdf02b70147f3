"""From a composed Hydra config to a checked job; all problems are found before any work and said at once."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from vidcurate.errors import ConfigError
from vidcurate.groups import KINDS
from vidcurate.guard import refuse_leaks
from vidcurate.recipe import ALONE, STEPS, Advise, Decoder, Doctor, Plan, Recipe, Reviewing, TuneShots, Verify
from vidcurate.records import Columns, Foreign, OnBad, Retry
from vidcurate.registry import Component, Made, build, made, near
from vidcurate.runtime.base import Runtime
from vidcurate.source.base import Source
from vidcurate.store.options import Storage, refused, secrets_in

VALUES = (
    "out",
    "embeddings",
    "columns",
    "on_bad",
    "against",
    "source_ids",
    "captions_as",
    "clips",
    "decisions",
    "caption_key",
    "unique_ids",
    "steps",
    "seed",
    "max_failures",
    "keep_filtered",
    "decoder",
    "retry",
    "wait",
    "storage",
    "metrics",
    "advise",
    "review",
    "verify",
    "doctor",
    "plan",
    "tune_shots",
)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A run, ready to start.

    Attributes:
        recipe: the components that decide what the dataset looks like.
        source: where videos come from; None if no step reads them.
        runtime: where the work is done.
        out: root of the dataset.
        embeddings: foreign embeddings to deduplicate; None for those that split wrote.
        columns: names of the columns of foreign embeddings.
        on_bad: what becomes of rows whose vectors cannot be used.
        against: datasets or parquet files whose clips must not come in again.
        source_ids: videos to take down: ids, uris, or a text file of them.
        captions_as: name of the captions that recaption writes; None is that of the captioner.
        foreign: clips and decisions that are not those of `out`.
        steps: which of takedown, split, dedup, advise, review, shard, recaption and verify, or one of those done alone.
        seed: of everything random.
        max_failures: inputs that may fail before the exit code is 3.
        retry: `failed` limits split to inputs that have failed before.
        wait: seconds to wait for another run on the same dataset.
        storage: how stores are reached.
        metrics: path of a text file for Prometheus.
        doctor: what the doctor has in mind.
        tune_shots: how a splitter is looked for.
        config: the resolved config, for run.json.
    """

    recipe: Recipe
    source: Source | None
    runtime: Runtime
    out: str
    embeddings: str | None
    columns: Columns
    on_bad: OnBad
    against: tuple[str, ...]
    source_ids: tuple[str, ...]
    captions_as: str | None
    foreign: Foreign
    steps: tuple[str, ...]
    seed: int
    max_failures: int
    retry: Retry | None
    wait: float
    storage: Storage
    metrics: str | None
    doctor: Doctor
    tune_shots: TuneShots
    config: Mapping[str, Any]


def job(config: DictConfig) -> Job:
    """Check a composed config and build what it describes.

    Raises:
        ConfigError: with every problem found: unknown keys, wrong types, values out of range, foreign classes, secrets.
    """
    try:
        values = cast("dict[str, Any]", OmegaConf.to_container(config, resolve=True))
    except OmegaConfBaseException as error:
        raise ConfigError([str(error).splitlines()[0]]) from error
    refuse_leaks(values)
    problems = [
        f"{key!r} is not a key{near(key, KINDS + VALUES)}; keys: {', '.join(KINDS + VALUES)}"
        for key in values
        if key not in KINDS + VALUES
    ]
    steps = _steps(values.get("steps"), problems)
    components = _components(values, steps, problems)
    numbers = {name: _whole(name, values.get(name), problems) for name in ("seed", "max_failures")}
    components["keep_filtered"] = _flag("keep_filtered", values.get("keep_filtered"), problems)
    columns, on_bad = _columns(values.get("columns"), problems), _on_bad(values.get("on_bad"), problems)
    components["decoder"] = _decoder(values.get("decoder"), problems)
    components["advise"] = _wishes("advise", Advise, values.get("advise"), "precision=0.95", problems)
    components["review"] = _wishes("review", Reviewing, values.get("review"), "formats=[csv]", problems)
    components["verify"] = _wishes("verify", Verify, values.get("verify"), "sample=0.1", problems)
    doctor = _wishes("doctor", Doctor, values.get("doctor"), "steps=[split]", problems)
    components["plan"] = _wishes("plan", Plan, values.get("plan"), "minutes=10", problems)
    tune_shots = _wishes("tune_shots", TuneShots, values.get("tune_shots"), "reels=6", problems)
    storage = _storage(values.get("storage"), problems)
    retry, wait = _retry(values.get("retry"), problems), _seconds("wait", values.get("wait"), problems)
    _text("metrics", values.get("metrics"), False, problems)
    for name, needed in (("out", True), ("embeddings", False), ("clips", False), ("decisions", False)):
        _text(name, values.get(name), needed, problems)
    against = _places("against", values.get("against"), problems)
    source_ids = _places("source_ids", values.get("source_ids"), problems)
    captions_as = _word("captions_as", values.get("captions_as"), problems)
    foreign = _foreign(values, problems)
    if problems or storage is None or doctor is None or tune_shots is None:
        raise ConfigError(problems)
    source, runtime = components.pop("source", None), components.pop("runtime")
    return Job(
        recipe=Recipe(**components),
        source=source,
        runtime=runtime,
        out=values["out"],
        embeddings=values["embeddings"],
        columns=columns,
        against=against,
        source_ids=source_ids,
        captions_as=captions_as,
        foreign=foreign,
        on_bad=on_bad,
        steps=steps,
        retry=retry,
        wait=wait,
        storage=storage,
        metrics=values["metrics"],
        doctor=doctor,
        tune_shots=tune_shots,
        config=values,
        **numbers,
    )


def _components(values: Mapping[str, Any], steps: tuple[str, ...], problems: list[str]) -> dict[str, Any]:
    built: dict[str, Any] = {"filter": ()}
    for kind in KINDS:
        group = values.get(kind)
        if kind == "source" and not _reads(steps, group):
            continue  # its path may well be missing
        if kind != "filter":
            built[kind] = _build(kind, kind, group, problems)
        elif isinstance(group, Mapping):
            built[kind] = tuple(_build(kind, f"filter.{name}", entry, problems) for name, entry in group.items())
        else:
            problems.append(f"filter={group!r}: name options of the group, e.g. filter=[motion,luma], or filter=[]")
    return built


def _reads(steps: tuple[str, ...], source: object) -> bool:
    """Whether these steps read the source, or look whether they could, if one is given."""
    is_given = isinstance(source, Mapping) and "???" not in source.values()
    return bool({"split", "plan", "tune_shots"} & set(steps)) or ("doctor" in steps and is_given)


def _build(kind: str, key: str, values: object, problems: list[str]) -> Component | None:
    try:
        return build(kind, key, values)
    except ConfigError as error:
        problems.extend(error.problems)
        return None


def _wishes(name: str, cls: type[Made], values: object, example: str, problems: list[str]) -> Made | None:
    if not isinstance(values, Mapping):
        problems.append(f"{name}={values!r}: expected its keys, e.g. {name}.{example}")
        return None
    try:
        return made(cls, name, name, {str(key): value for key, value in values.items()})
    except ConfigError as error:
        problems.extend(error.problems)
        return None


def _storage(values: object, problems: list[str]) -> Storage | None:
    if isinstance(values, Mapping):
        secrets = [refused(key) for key in secrets_in(values.get("options"))]
        problems += secrets
        if secrets:  # other messages would show them
            return None
    return _wishes("storage", Storage, values, "scratch=/local", problems)


def _steps(steps: object, problems: list[str]) -> tuple[str, ...]:
    if steps is None:
        problems.append("nothing to do: choose an experiment, e.g. +experiment=quickstart; --help lists them")
        return ()
    if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
        problems.append(f"steps={steps!r}: expected a list of {', '.join(STEPS)}")
        return ()
    known = STEPS + ALONE
    problems += [
        f"steps: {step!r} is not a step{near(step, known)}; steps: {known}" for step in steps if step not in known
    ]
    if (alone := [step for step in steps if step in ALONE]) and len(steps) > 1:
        problems.append(f"steps={steps!r}: {alone[0]} is done by itself; leave the others to a command of their own")
    if alone:
        return tuple(alone[:1])
    return tuple(step for step in STEPS if step in steps)


def _whole(name: str, value: object, problems: list[str]) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    problems.append(f"{name}={value!r}: expected a whole number, 0 or more")
    return 0


def _flag(name: str, value: object, problems: list[str]) -> bool:
    if isinstance(value, bool):
        return value
    problems.append(f"{name}={value!r}: expected true or false")
    return True


def _columns(values: object, problems: list[str]) -> Columns:
    known = tuple(entry.name for entry in fields(Columns))
    if not isinstance(values, Mapping):
        problems.append(
            f"columns={values!r}: expected names of columns, e.g. columns.id=NAME; keys: {', '.join(known)}"
        )
        return Columns()
    problems += [
        f"columns.{key} is not a key{near(str(key), known)}; keys: {', '.join(known)}"
        for key in values
        if key not in known
    ]
    given = {key: name for key, name in values.items() if key in known and name is not None}
    problems += [
        f"columns.{key}={name!r}: expected the name of a column"
        for key, name in given.items()
        if not isinstance(name, str)
    ]
    return Columns(**given)


def _on_bad(value: object, problems: list[str]) -> OnBad:
    if value not in ("fail", "drop"):
        problems.append(f"on_bad={value!r}: expected fail or drop")
    return "drop" if value == "drop" else "fail"


def _retry(value: object, problems: list[str]) -> Retry | None:
    if value not in (None, "failed"):
        problems.append(f"retry={value!r}: expected failed, or null")
    return "failed" if value == "failed" else None


def _decoder(value: object, problems: list[str]) -> Decoder:
    if value not in ("cpu", "nvdec"):
        problems.append(f"decoder={value!r}: expected cpu or nvdec")
    return "nvdec" if value == "nvdec" else "cpu"


def _seconds(name: str, value: object, problems: list[str]) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf:
        return float(value)
    problems.append(f"{name}={value!r}: expected seconds, 0 or more")
    return 0.0


def _foreign(values: Mapping[str, Any], problems: list[str]) -> Foreign:
    given = {field.name: values.get(field.name) for field in fields(Foreign)}
    if not isinstance(given["caption_key"], str | None):
        problems.append(f"caption_key={given['caption_key']!r}: expected a name, e.g. caption_key=qwen")
    if given["unique_ids"] not in (None, "remove", "keep"):
        problems.append(f"unique_ids={given['unique_ids']!r}: expected remove or keep")
    return Foreign(**given)


def _places(name: str, value: object, problems: list[str]) -> tuple[str, ...]:
    """One place, several, or none."""
    places = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(place, str) and place for place in places):
        problems.append(f"{name}={value!r}: expected a path or URL, or a list of them")
        return ()
    return tuple(places)


def _word(name: str, value: object, problems: list[str]) -> str | None:
    """What may be the name of a folder."""
    if value is None or (isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", value)):
        return value
    problems.append(f"{name}={value!r}: expected letters, digits, _ and -")
    return None


def _text(name: str, value: object, needed: bool, problems: list[str]) -> None:
    if value == "???" or (value is None and needed):
        problems.append(f"{name} is required: give {name}=DIR_OR_URL")
    elif value is not None and not isinstance(value, str):
        problems.append(f"{name}={value!r}: expected a path or URL")
