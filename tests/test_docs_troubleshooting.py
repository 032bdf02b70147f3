"""docs/troubleshooting.md knows every class of error, every message that the code raises, and none that it does not."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from vidcurate import errors

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
CLASSES = {
    name for name, cls in vars(errors).items() if inspect.isclass(cls) and issubclass(cls, errors.VidcurateError)
}
ENTRIES = re.findall(r"^(?:\| )?`([^`]*(?:…| )[^`]*)`", PAGE, re.MULTILINE)


def messages() -> Iterator[tuple[str, str]]:
    """Place and fixed words of every error that is raised; what is put in between is left out."""
    for file in sorted((ROOT / "vidcurate").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
                constants = [part for part in ast.walk(node.exc) if isinstance(part, ast.Constant)]
                constants.sort(key=lambda part: (part.lineno, part.col_offset))
                words = "".join(part.value for part in constants if isinstance(part.value, str))
                if node.exc.func.id in CLASSES - {"MissingExtra"} and letters(words) > 8:
                    yield f"{file.relative_to(ROOT)}:{node.lineno}: {words}", words


def letters(words: str) -> int:
    return sum(letter.isalpha() for letter in words)


def says(entry: str, words: str) -> bool:
    """Whether the fixed words of an entry come in a message, in this order."""
    at = 0
    for part in filter(None, (part.strip(" ") for part in entry.split("…"))):
        at = words.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def test_every_class_has_a_section():
    assert set(re.findall(r"^## (\w+)$", PAGE, re.MULTILINE)) >= CLASSES


def test_every_message_is_on_the_page():
    telling = [entry for entry in ENTRIES if letters(entry) > 8]

    missing = [place for place, words in messages() if not any(says(entry, words) for entry in telling)]
    assert missing == []


def test_the_page_knows_no_message_that_is_not_raised():
    code = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "vidcurate").rglob("*.py"))
    joined = re.sub(r'"\s*\n\s*f?"', "", code)

    gone = [
        part for entry in ENTRIES for part in entry.split("…") if len(part.strip()) > 12 and part.strip() not in joined
    ]
    assert gone == []
