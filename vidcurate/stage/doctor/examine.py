"""All checks of a machine in order; none stops the others, and none is trusted to come back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from rich.console import Console

from vidcurate.errors import Unfit
from vidcurate.stage.doctor.apart import Apart, Lost
from vidcurate.stage.doctor.codecs import codecs
from vidcurate.stage.doctor.components import components
from vidcurate.stage.doctor.disk import disk
from vidcurate.stage.doctor.finding import Case, Check, told
from vidcurate.stage.doctor.gpus import gpus
from vidcurate.stage.doctor.limits import limits
from vidcurate.stage.doctor.places import places
from vidcurate.stage.doctor.processor import processor
from vidcurate.stage.doctor.report import write
from vidcurate.stage.doctor.runtimes import runtimes
from vidcurate.stage.doctor.slurm import slurm
from vidcurate.stage.doctor.versions import versions
from vidcurate.stage.findings import Finding, Found, note, print_found, trouble

CHECKS: Mapping[str, Check] = {
    "versions": versions,
    "codecs": codecs,
    "torch": gpus,
    "processor": processor,
    "limits": limits,
    "components": components,
    "runtime": runtimes,
    "slurm": slurm,
    "places": places,
    "disk": disk,
}
"""By the name of the group of lines that each writes."""
ALONE = ("disk",)
"""Those that measure, and so wait until the others have ended."""
PATIENCE = 60.0
"""Seconds for all that look at the same time; libraries on a slow network disk take many to be imported."""


def examine(case: Case) -> Found:
    """Look at this machine, say what was found, and keep it in doctor.json of `out`, where that can be written.

    Raises:
        Unfit: the configuration cannot run here.
    """
    found = look(case)
    print_found(found, Console())
    write(case, found)
    if bad := [f"{group}/{entry.name}" for group, entries in found.items() for entry in entries if is_bad(entry)]:
        raise Unfit(f"this configuration cannot run here: {', '.join(bad)}; the lines above say what to do")
    return found


def look(case: Case, patience: float = PATIENCE) -> Found:
    """What every check finds, by its name."""
    under_way = {name: _begun(name, case, patience) for name in CHECKS if name not in ALONE}
    found = {name: _ended(one) for name, one in under_way.items()}
    return found | {name: _ended(_begun(name, case, patience)) for name in ALONE}


def is_bad(finding: Finding) -> bool:
    """Whether it stops the configuration."""
    return finding.level == "trouble"


def _begun(name: str, case: Case, patience: float) -> Apart[list[Finding]]:
    return Apart(partial(guarded, CHECKS[name], case), patience)


def _ended(one: Apart[list[Finding]]) -> list[Finding]:
    try:
        return one.answer()
    except Lost as error:
        return [trouble("this check", str(error), "look at the library or the place that this group is about")]


def guarded(check: Check, case: Case) -> list[Finding]:
    """What a check finds, until it raises; that is a finding, too."""
    found: list[Finding] = []
    try:
        for finding in check(case):
            found.append(finding)
    except (Exception, SystemExit) as error:  # whatever a broken library raises
        found.append(note("this check", f"broke off: {told(error)}"))
    return found
