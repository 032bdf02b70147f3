"""Where the work would be done: whether the chosen runtime can, and which packages of the others are here."""

from __future__ import annotations

from collections.abc import Iterator

from vidcurate.errors import VidcurateError
from vidcurate.stage.doctor.finding import Case, parted, told
from vidcurate.stage.doctor.versions import version
from vidcurate.stage.findings import Finding, ok, trouble

PACKAGES = ("dask", "distributed", "dask-jobqueue", "dask-cuda", "cudf-cu13", "cuml-cu13", "submitit")


def runtimes(case: Case) -> Iterator[Finding]:
    """The chosen one's own check and what it sees of its workers; nothing is started."""
    name = f"runtime={case.runtime.name}"
    try:
        case.runtime.check()
        yield ok(name, case.runtime.seen() or "can run")
    except VidcurateError as error:
        yield trouble(name, *parted(error))
    except (Exception, SystemExit) as error:  # a library that it asks is broken
        advice = "mend or reinstall the library that is named, or runtime=processes"
        yield trouble(name, f"its check broke off: {told(error)}", advice)
    here = {package: found for package in PACKAGES if (found := version(package))}
    absent = [package for package in PACKAGES if package not in here]
    yield ok("packages", ", ".join(f"{package} {found}" for package, found in here.items()) or "none of Dask's")
    if absent:
        yield ok("not installed", f"{', '.join(absent)}: only wanted for runtime=dask, dask_slurm and dask_cuda")
