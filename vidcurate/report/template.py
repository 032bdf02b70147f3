"""Pages from templates: single files without scripts, links or fonts from elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vidcurate.report.units import clock, counted, number, share, size, thousands, timespan
from vidcurate.store.files import Store

log = logging.getLogger(__name__)

FILTERS = (clock, counted, number, share, size, thousands, timespan)


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
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {function.__name__: function for function in FILTERS}
    return environment.get_template(f"{page}.j2").render(facts).encode()
