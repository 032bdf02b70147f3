"""docs/performance.md, written from the findings of `run_all.py`."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.suite import SUITE, Claim

HEAD = """\
# Performance

Written by `python benchmarks/run_all.py`, which runs the programs of `benchmarks/` one after the other; do not edit it.
Costs are CPU-seconds, user and system, of all threads and children; ours and theirs take turns in one run, so ratios
hold where absolute figures do not. A target was set before the figure was known; one that is missed stays here.
"""
QUICK = "Sizes are those of `--quick`, of a minute or two each: figures are rough.\n"
Found = Mapping[str, Any]


def write_page(folder: Path, page: Path) -> None:
    """Write the page anew; one without any findings is left as it is.

    Args:
        folder: where `run_all.py` has put the findings.
        page: the file.
    """
    files = {benchmark.name: folder / f"{benchmark.name}.json" for benchmark in SUITE}
    found = {name: json.loads(file.read_text("utf-8")) for name, file in files.items() if file.is_file()}
    if not found:
        return
    sizes = [QUICK] if folder.name == "quick" else []
    parts = [HEAD, *sizes, *_machine(list(found.values())), *_summary(found)]
    for one in found.values():
        parts += _section(one)
    page.write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")


def _machine(found: Sequence[Found]) -> Iterator[str]:
    yield "## Machine\n"
    facts = found[-1]["machine"]
    dates = sorted({one["date"][:10] for one in found})
    loads = [float(one["machine"]["load"]) for one in found]
    rows = [
        ("processor", f"{facts['processor']}, {facts['cores']} cores"),
        ("features", facts["features"]),
        ("memory", facts["memory"]),
        ("system", facts["system"]),
        ("load as they began", f"{min(loads):.1f} to {max(loads):.1f}"),
        ("date", dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"),
        ("versions", ", ".join(f"{name} {version}" for name, version in found[-1]["versions"].items())),
    ]
    yield from _markdown(("", ""), rows)


def _summary(found: Mapping[str, Found]) -> Iterator[str]:
    yield "## Beside others\n"
    yield "A ratio above 1 x of `less CPU than` says how many times less ours takes.\n"
    rows = []
    for benchmark in SUITE:
        if benchmark.name in found:
            figures = found[benchmark.name]["figures"]
            rows += [_row(claim, figures.get(claim.figure)) for claim in benchmark.claims]
    yield from _markdown(("what", "beside", "measured", "target", "met"), rows)


def _row(claim: Claim, value: float | None) -> tuple[str, ...]:
    target = claim.target.replace(">=", "at least").replace("<=", "at most") + (claim.unit if claim.target else "")
    if value is None:
        return claim.says, claim.peer, "not measured", target, ""
    met = {True: "yes", False: "**no**", None: ""}[claim.met(value)]
    shown = f"{value:.0f}" if value == int(value) and not claim.unit else f"{value:.3g}"
    return claim.says, claim.peer, f"{shown}{claim.unit}", target, met


def _section(one: Found) -> Iterator[str]:
    yield f"## {one['name']}\n"
    yield f"{_about(one['name'])}\n"
    told = " ".join(_short(argument) for argument in one["arguments"])
    ended = {"done": "", "failed": "; it failed, what is here is a part", "killed": "; stopped, what is here is a part"}
    took = f"{one['seconds']:.0f} s, {one['cpu_seconds']:.0f} CPU-s{ended[one['ended']]}"
    command = f"python -m benchmarks.{one['name']} {told}".strip()
    yield f"`{command}`: {took}.\n"
    for table in one["tables"]:
        if table["title"]:
            yield f"{table['title']}\n"
        yield from _markdown(table["columns"], table["rows"])
    if one["lines"]:
        yield "\n".join(["```text", *one["lines"], "```\n"])


def _about(name: str) -> str:
    """The first paragraph of a benchmark's docstring."""
    found = importlib.util.find_spec(f"benchmarks.{name}")
    source = Path(found.origin).read_text(encoding="utf-8") if found is not None and found.origin else '""""""'
    return " ".join(source.split('"""')[1].split("\n\n")[0].split())


def _short(argument: str) -> str:
    """Paths say more by their name."""
    return Path(argument).name if "/" in argument and "=" not in argument else argument


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in (columns, *rows)]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    yield "\n".join([lines[0], f"|{'---|' * len(columns)}", *lines[1:]]) + "\n"
