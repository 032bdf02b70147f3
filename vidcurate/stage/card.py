"""The dataset card: `README.md` in the dataset's folder, for people and, in its front matter, for the Hugging Face Hub.

It says what is in the dataset, what was dropped and why, under which licences it stands, how to load it and how it was
made. Equal datasets have equal cards: there is neither a date nor a place in it.

Source of the front matter: https://github.com/huggingface/hub-docs `datasetcard.md`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.recipe import Recipe
from vidcurate.sharder.base import Shard, Sharder, Subset
from vidcurate.store.files import Store
from vidcurate.store.mask import masked_values
from vidcurate.store.provenance import versions

NAME = "README.md"
SIZES = (
    (10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
)  # fmt: skip
"""Categories of the Hub, each by the number of samples that it stays below."""
LICENSES = frozenset(
    {"apache-2.0", "mit", "cc0-1.0", "pddl", "odc-by", "odbl", "unlicense"}
    | {f"cc-by-{version}" for version in ("2.0", "2.5", "3.0", "4.0")}
    | {f"cc-by-sa-{version}" for version in ("3.0", "4.0")}
    | {f"cc-by-nc-{version}" for version in ("2.0", "3.0", "4.0")}
    | {f"cc-by-nc-sa-{version}" for version in ("2.0", "3.0", "4.0")}
    | {"cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0"}
)
"""Identifiers of the Hub; what is none of them is `other`, what nobody has stated `unknown`."""
UNSTATED = "not stated"


def write_card(
    store: Store,
    sharder: Sharder,
    clips: pa.Table,
    shards: Sequence[Shard],
    drops: pa.Table | None,
    about: Mapping[str, Any],
) -> None:
    """Write the card of a dataset.

    Args:
        store: the dataset.
        sharder: packed it.
        clips: all that are packed, as `Samples.columns` has them.
        shards: all of them, sorted by name.
        drops: what was cut and is not packed; columns `stage` and `reason`. None where that is not recorded.
        about: how it was made, as `made_with` tells it.
    """
    sections = (
        _front(clips, shards),
        f"# {clips.num_rows:,} video clips",
        _overview(clips, about),
        "## Subsets\n\n" + _subsets(shards),
        "## Shapes and lengths\n\n" + _bins(clips, sharder),
        "## Licences of the sources\n\n" + _licenses(clips),
        "## What was left out\n\n" + _drops(drops, about),
        "## Loading\n\n" + _loading(shards),
        "## How it was made\n\n" + _made(about),
    )
    store.write(f"{sharder.folder}/{NAME}", "\n\n".join(sections).encode() + b"\n")


def made_with(recipe: Recipe) -> dict[str, Any]:
    """What a card says of how a dataset was made, in plain values."""
    rule = recipe.dedup
    config = masked_values(json.loads(json.dumps(recipe.config(), default=vars)))
    return {
        "captioner": recipe.captioner.name,
        "dedup": rule.name,
        "eps": rule.eps if rule.compares else None,
        "config": config,
        "versions": versions(),
    }


def hub_license(license: str) -> str:
    """The Hub's identifier of a licence, e.g. `cc-by-4.0` for `CC BY 4.0`; `other` or `unknown` where it has none."""
    name = re.sub(r"[\s_]+", "-", license.strip().lower())
    return (name if name in LICENSES else "other") if name else "unknown"


def _front(clips: pa.Table, shards: Sequence[Shard]) -> str:
    licenses = sorted({hub_license(name) for name in pc.unique(clips["license"]).to_pylist()}) or ["unknown"]
    size = next((name for limit, name in SIZES if clips.num_rows < limit), "n>100M")
    lines = ["license:", *(f"- {license}" for license in licenses)]
    lines += ["task_categories:", "- text-to-video", "- video-text-to-text"]
    lines += ["size_categories:", f"- {size}"]
    if _are_tars(shards):
        lines += ["configs:", "- config_name: default", "  data_files:"]
        for subset, pattern in patterns(shards).items():
            lines += [f"  - split: {_split(subset)}", f'    path: "{pattern}"']
    return "\n".join(["---", *lines, "---"])


def patterns(shards: Sequence[Shard]) -> dict[Subset, str]:
    """Which tars are of each subset that has any: a pattern relative to the dataset's folder."""
    there = [subset for subset in get_args(Subset) if any(shard.subset == subset for shard in shards)]
    flat = not all(shard.name.startswith(f"{shard.subset}/") for shard in shards)
    return {subset: "**/*.tar" if flat else f"{subset}/**/*.tar" for subset in there}


def _split(subset: Subset) -> str:
    return "validation" if subset == "val" else subset


def _overview(clips: pa.Table, about: Mapping[str, Any]) -> str:
    videos = pc.count_distinct(clips["source"].combine_chunks().indices)
    captioned, hours, size = (_sum(clips[name]) for name in ("captioned", "duration", "num_bytes"))
    return (
        f"{clips.num_rows:,} clips of {videos.as_py():,} videos, {_hours(hours)} hours, "
        f"{size:,} bytes of video. {captioned:,} have a caption "
        f"(`captioner={about['captioner']}`)."
    )


def _subsets(shards: Sequence[Shard]) -> str:
    rows = []
    for subset in get_args(Subset):
        own = [shard for shard in shards if shard.subset == subset]
        if own:
            clips, size = sum(shard.num_samples for shard in own), sum(shard.num_bytes for shard in own)
            rows.append(
                (subset, f"{clips:,}", _hours(sum(shard.duration for shard in own)), f"{len(own):,}", f"{size:,}")
            )
    return _table(("subset", "clips", "hours", "shards", "bytes"), rows)


def _bins(clips: pa.Table, sharder: Sharder) -> str:
    binned = sharder.binned(clips).items()
    return "\n\n".join(_counts(name, bins.indices, bins.dictionary.to_pylist(), clips) for name, bins in binned)


def _licenses(clips: pa.Table) -> str:
    names = pc.unique(clips["license"]).sort()
    codes = pc.index_in(clips["license"], value_set=names)
    return _counts("licence", codes, [name or UNSTATED for name in names.to_pylist()], clips)


def _drops(drops: pa.Table | None, about: Mapping[str, Any]) -> str:
    eps = about["eps"]
    dedup = (
        f"Of clips whose cosine similarity is above 1 - {eps!r}, `dedup={about['dedup']}` keeps one."
        if eps is not None
        else "Near-duplicates were not looked for."
    )
    if drops is None:
        return dedup
    reasons = drops.group_by(["stage", "reason"]).aggregate([([], "count_all")]).to_pylist()
    rows = sorted((str(row["stage"]), str(row["reason"]), f"{row['count_all']:,}") for row in reasons)
    return f"{_table(('stage', 'reason', 'clips'), rows)}\n\n{dedup}"


def _loading(shards: Sequence[Shard]) -> str:
    if not _are_tars(shards):
        return "`index.json` lists the shards."
    subset, pattern = next(iter(patterns(shards).items()))
    webdataset = f"""\
import glob
import webdataset as wds

shards = sorted(glob.glob(FOLDER + "/{pattern}", recursive=True))
samples = wds.WebDataset(shards, shardshuffle=False).decode().to_tuple("mp4", "txt", "json")"""
    datasets = f"""\
from datasets import load_dataset

samples = load_dataset(FOLDER, split="{_split(subset)}", streaming=True)"""
    energon = f"""\
from megatron.energon import WorkerConfig, get_loader, get_train_dataset

worker = WorkerConfig(rank=0, world_size=1, num_workers=0)
options = {{"batch_size": None, "shuffle_buffer_size": 100, "max_samples_per_sequence": 100}}
samples = get_loader(get_train_dataset(FOLDER, split_part="{subset}", worker_config=worker, **options))"""
    own = """\
from vidcurate.data import VideoData

batches = VideoData(FOLDER, batch_size=4, frames=8, height=224, width=224).train_dataloader()"""
    blocks = "\n\n".join(f"```python\n{code}\n```" for code in (webdataset, datasets, energon, own))
    return f"`FOLDER` is the path of this folder, or for `datasets` the name of its repository on the Hub.\n\n{blocks}"


def _made(about: Mapping[str, Any]) -> str:
    config = json.dumps(about["config"], indent=1, sort_keys=True, ensure_ascii=False)
    used = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return f"By {used}, with this config:\n\n```json\n{config}\n```"


def _counts(title: str, codes: pa.Array, names: Sequence[str], clips: pa.Table) -> str:
    """A line for each code that clips have, under its name."""
    coded = pa.table([codes, clips["source"].combine_chunks().indices, clips["duration"]], ["code", "video", "seconds"])
    counts = [("video", "count_distinct"), ("code", "count"), ("seconds", "sum")]
    rows = [
        (names[row["code"]], f"{row['video_count_distinct']:,}", f"{row['code_count']:,}", _hours(row["seconds_sum"]))
        for row in coded.group_by("code", use_threads=False).aggregate(counts).sort_by("code").to_pylist()
    ]
    return _table((title, "videos", "clips", "hours"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in cells)


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.3g}"


def _sum(column: pa.ChunkedArray) -> Any:
    return pc.sum(column).as_py() or 0


def _are_tars(shards: Sequence[Shard]) -> bool:
    return bool(shards) and all(shard.files[0].key.endswith(".tar") for shard in shards)
