"""run.json: what made the dataset, so that it can be made again: config, versions, commit and choices."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vidcurate.store.files import Store
from vidcurate.store.mask import masked_values

KEY = "run.json"
PACKAGES = (
    "vidcurate", "hydra-core", "torch", "av", "torchcodec", "faiss-cpu", "faiss-gpu", "pyarrow", "numpy",
    "scenedetect-headless", "webdataset",
)  # fmt: skip


def write_provenance(store: Store, steps: Iterable[str], config: Mapping[str, Any]) -> None:
    """Write into run.json how each of these steps was done; what it says of other steps stays.

    Args:
        store: the dataset.
        steps: that have just been done.
        config: their resolved config; storage credentials have no place in it.
    """
    known = store.read_json(KEY) if store.exists(KEY) else {}
    facts = {
        "config": masked_values(config),
        "choices": {kind: _choice(value) for kind, value in config.items() if isinstance(value, Mapping)},
        "versions": versions(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "commit": _commit(),
    }
    store.write_json(KEY, known | dict.fromkeys(steps, facts))


def versions() -> dict[str, str]:
    """Versions of the installed packages that decide how a dataset comes out."""
    return {name: version for name in PACKAGES if (version := _version(name))}


def _choice(group: Mapping[str, Any]) -> Any:
    target = group.get("_target_")
    return str(target).split(".")[-2] if target else sorted(group)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Commit of the checkout that this code runs from; None for an installed package."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=root, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None
