"""doctor.json: what the doctor has found, for programs."""

from __future__ import annotations

import dataclasses
from contextlib import suppress

from vidcurate.errors import VidcurateError
from vidcurate.stage.doctor.finding import Case
from vidcurate.stage.findings import Found
from vidcurate.store.files import Store
from vidcurate.store.mask import masked
from vidcurate.store.trouble import demand_writable

KEY = "doctor.json"


def write(case: Case, found: Found) -> None:
    """Keep it in doctor.json, if `out` can be written; where it cannot, a line of `places` has said so."""
    entries = [
        {"group": group, **{key: masked(str(value)) for key, value in dataclasses.asdict(entry).items()}}
        for group, findings in found.items()
        for entry in findings
    ]
    can = not any(entry["level"] == "trouble" for entry in entries)
    with suppress(VidcurateError, OSError):
        store = Store(case.out)
        demand_writable(store)
        store.write_json(KEY, {"can_run": can, "steps": list(case.steps), "findings": entries})
