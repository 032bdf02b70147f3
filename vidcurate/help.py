"""The page that `vidcurate --help` prints, read from the option files themselves, so that it cannot be out of date."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from vidcurate.groups import KINDS, config_packages

INTRODUCTION = """\
vidcurate: raw videos in; a de-duplicated, sharded, training-ready dataset out.

usage: vidcurate +experiment=NAME [GROUP=OPTION ...] [KEY=VALUE ...]     (python -m vidcurate is the same)

Examples
  vidcurate +experiment=quickstart
      The whole workflow on sample videos that ship with vidcurate.
  vidcurate +experiment=curate source.path=videos out=dataset
      Your own videos: split, dedup, shard.
  vidcurate +experiment=split source.path=videos out=dataset splitter=adaptive captioner=tags
      One step, with other components.
  vidcurate +experiment=plan source.path=videos out=dataset
      What that would yield, take and cost, from a sample; the dataset is only read.
  vidcurate -m +experiment=dedup out=dataset dedup.eps=0.01,0.02,0.05
      A sweep: one table and one curve compare the epsilons.
  vidcurate +experiment=curate source.path=videos out=dataset --cfg job -p splitter
      What would run, with every key; nothing is done.
"""

CLOSING = """\
Keys: out=DIR_OR_URL  embeddings=PARQUET  steps=[split,dedup,advise,shard]  seed=0  max_failures=0
      keep_filtered=true  advise.{per_band=20,precision=0.95,labels=FILE}
      plan.{steps,share=0.01,minutes=10,max_minutes=60,stretch=120}
      plan.{price_per_cpu_hour,price_per_gpu_hour,price_per_gib_month}
      columns.{id,embedding,source}=NAME  on_bad=fail
Flags: -v, --verbose (debug lines, and where the time went)   -q, --quiet (warnings, errors and the last line only)
      --version
Exit codes: 0 done; 1 error; 2 the configuration or the machine cannot do this; 3 done, but inputs failed; 75 not
      done: stopped, or another run holds the dataset; the same command goes on
More: --cfg job (the composed config)   --info defaults   --hydra-help   -sc install=bash (completion)
"""


def page(conf: Path) -> str:
    """The help page.

    Args:
        conf: the folder of options.
    """
    folders = [conf, *(Path(str(files(entry.value.split(":")[0]))) for entry in config_packages())]
    lines = [INTRODUCTION, "Experiments  (+experiment=...)", *_options(folders, "experiment"), ""]
    lines.append("Groups and options  (GROUP=OPTION, e.g. splitter=fixed; several filters: filter=[motion,luma])")
    for kind in KINDS:
        options = list(_options(folders, kind))
        if options:
            lines += [f" {kind}", *options]
    return "\n".join([*lines, "", CLOSING])


def _options(folders: list[Path], group: str) -> Iterator[str]:
    for file in sorted((file for folder in folders for file in (folder / group).glob("*.yaml")), key=lambda f: f.stem):
        yield f"  {file.stem:<20} {_first_sentence(file.read_text(encoding='utf-8'))}"


def _first_sentence(text: str) -> str:
    """What an option file says of itself, in its opening comment."""
    comment = itertools.takewhile(lambda line: line.startswith("#"), text.splitlines())
    said = " ".join(line[1:].strip() for line in comment if "@package" not in line)
    return said.partition(". ")[0].rstrip(".")
