"""What MkDocs does not know: pages about components are generated, and marks in pages stand for what the code says.

`<!-- columns: VIDEOS -->` becomes the table of a schema, `<!-- api: vidcurate.run.curate -->` what a docstring
says, `<!-- include: CONTRIBUTING.md -->` a file of the checkout. The other marks tell tests how a block is run.
"""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.structure.files import Files

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:  # `mkdocs` is a program of its own and does not see the folder it runs in
    sys.path.insert(0, str(ROOT))

from docs.hooks.components import pages  # noqa: E402
from docs.hooks.docstrings import described  # noqa: E402
from docs.hooks.schemas import columns  # noqa: E402

MARK = re.compile(r"^<!-- (columns|api|include): (\S+) -->$", re.MULTILINE)


def on_config(config: Any) -> Any:
    """Leave out of the menu the page of figures where `benchmarks/run_all.py` has not yet written it."""
    for chapter in config["nav"]:
        for pages_of in chapter.values():
            if isinstance(pages_of, list):
                pages_of[:] = [page for page in pages_of if not _unwritten(page)]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    from mkdocs.structure.files import File

    for name, text in pages().items():
        files.append(File.generated(config, f"components/{name}", content=text))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Put what marks stand for in their place."""
    return filled(markdown)


def filled(markdown: str) -> str:
    """Markdown with its marks replaced.

    Raises:
        KeyError: there is no such schema.
        AttributeError: there is no such name.
    """
    return MARK.sub(_meant, markdown)


def _unwritten(page: object) -> bool:
    return page == {"Performance": "performance.md"} and not (ROOT / "docs" / "performance.md").exists()


def _meant(mark: re.Match[str]) -> str:
    kind, name = mark.groups()
    if kind == "columns":
        return columns(name)
    if kind == "include":
        return (ROOT / name).read_text(encoding="utf-8").partition("\n")[2]  # a page has a title of its own
    module, _, attribute = name.rpartition(".")
    return described(getattr(importlib.import_module(module), attribute), attribute)
