"""docs/nemo.md has every option of NeMo Curator and cosmos-curate, and what it says of ours is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.pages import PAGES, problems
from vidcurate.app import forced

PAGE = PAGES["nemo.md"]
THEIRS = (Path(__file__).parent / "nemo_options.txt").read_text(encoding="utf-8").split()
"""Flags of cosmos-curate 1.4 (split, dedup, shard) and of NeMo Curator 1.4's tutorial, from their argument parsers."""
ROW = re.compile(r"^\| (.+?) \| (.*?) \| (.*?) \|$", re.MULTILINE)


def rows() -> list[tuple[str, str, str]]:
    """What follows the first `+experiment=` of a section belongs to it: experiment, theirs, ours."""
    found = []
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        experiment = re.search(r"\+experiment=\w+ [^`]*", section)
        assert experiment is not None
        for theirs, ours, why in ROW.findall(section):
            if theirs not in ("theirs", "---") and not theirs.startswith("-"):
                assert ours.strip() or why.strip(), f"{theirs}: neither ours nor a reason"
                found.append((experiment[0], theirs, ours))
    return found


def test_every_option_of_theirs_is_on_the_page():
    assert len(THEIRS) > 250
    assert [flag for flag in THEIRS if not re.search(rf"{re.escape(flag)}(?![\w-])", PAGE)] == []


def test_the_page_names_no_option_that_they_do_not_have():
    theirs = " ".join(theirs for _, theirs, _ in rows())

    assert set(re.findall(r"--[a-z0-9][a-z0-9-]*", theirs)) - set(THEIRS) == set()


def test_every_override_is_accepted():
    """Rows that choose alike are composed together, for composing takes longest."""
    together: list[tuple[str, dict[str, str]]] = []
    for experiment, _, ours in rows():
        given = dict(word.split("=", 1) for code in re.findall(r"`([^`]+)`", ours) for word in shlex.split(code))
        for known, chosen in together:
            if known == experiment and all(chosen.get(key, value) == value for key, value in given.items()):
                chosen |= given
                break
        else:
            together.append((experiment, given))

    assert 5 < len(together) < 60
    said = []
    for experiment, chosen in together:
        overrides = [f"{key}={value}".replace("…", "x") for key, value in chosen.items()]
        said += problems([forced(word) for word in (*shlex.split(experiment.replace("…", "x")), *overrides)])
    assert said == []
