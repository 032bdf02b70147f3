"""Pages from templates: single files that load nothing from elsewhere, not even if what they show would have it so."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from vidcurate.report.units import clock, counted, number, share, size, thousands, timespan
from vidcurate.store.files import Store

log = logging.getLogger(__name__)

FILTERS = (clock, counted, number, share, size, thousands, timespan)
HERE = Path(__file__).parent
ESCAPED = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}
"""Letters by which text inside a script could end it; JSON knows them by number."""


def write_page(store: Store, key: str, facts: Mapping[str, Any]) -> str | None:
    """Write a page into a dataset, from the template of its name.

    Args:
        store: the dataset.
        key: of the page.
        facts: what the template names.

    Returns:
        The key; None where jinja2 is not installed, which the log says.
    """
    page = rendered(key.rpartition("/")[2], facts)
    if page is None:
        return None
    store.write(key, page)
    log.debug("report: %s", store.path(key))
    return key


def rendered(page: str, facts: Mapping[str, Any]) -> bytes | None:
    """A page from the template of its name.

    Args:
        page: file name, such as `report.html`.
        facts: what the template names.

    Returns:
        None where jinja2 is not installed, which the log says.
    """
    try:
        import jinja2
    except ImportError:
        log.warning("report: %s is not written, as jinja2 is not installed: pip install 'vidcurate[report]'", page)
        return None
    return bytes(_environment(jinja2).get_template(f"{page}.j2").render(facts).encode())


def inlined(*names: str) -> str:
    """The text of those of these files of the report that there are; it becomes a style sheet or a script."""
    return "".join(path.read_text(encoding="utf-8") for name in names if (path := HERE / name).exists())


def data_block(value: Any) -> str:
    """A value as JSON that may stand inside a script element, whatever texts it holds."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(ESCAPED)


def policy(styles: Iterable[str], scripts: Iterable[str]) -> str:
    """A Content-Security-Policy: these scripts and styles, pictures and clips beside the page, and nothing else."""
    parts = {
        "default-src": ["'none'"],
        "script-src": map(_digest, scripts),
        "style-src": map(_digest, styles),
        "img-src": ["'self'", "data:", "file:"],
        "media-src": ["'self'", "file:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    return "; ".join(" ".join([name, *sources]) for name, sources in parts.items())


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _environment(jinja2: ModuleType) -> Any:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {function.__name__: function for function in FILTERS}
    return environment
