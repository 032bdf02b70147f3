"""What can be done next."""

from __future__ import annotations

from vidcurate.report.context import Context, Section
from vidcurate.report.howto import commands


def section(context: Context) -> Section:
    """Commands to paste."""
    facts = {"commands": commands(context.store, context.dataset.eps)}
    return Section(name="following", title="Next", heading="Go on from here", facts=facts)
