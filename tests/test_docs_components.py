"""The pages of components, which are written from the registry when the site is built."""

from __future__ import annotations

import pytest

from docs.hooks.build import filled
from docs.hooks.components import options, pages
from docs.hooks.docstrings import attributes, described, prose, section
from docs.hooks.schemas import columns
from vidcurate.registry import KINDS, registered
from vidcurate.splitter.transnetv2 import TransNetV2


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_has_a_type_a_default_and_a_meaning(kind):
    for name, cls in registered(kind).items():
        for option, type_and_range, default, meaning in options(cls):
            assert type_and_range, f"{kind}={name}: {option} has no type"
            assert default, f"{kind}={name}: {option} has no default"
            assert meaning, f"{kind}={name}: {option} is not in its docstring"


def test_types_ranges_and_defaults_are_those_of_the_class():
    found = {name: (type_and_range, default) for name, type_and_range, default, _ in options(TransNetV2)}

    assert found["threshold"] == ("number ≥ 0, ≤ 1", "0.5")
    assert found["backend"] == ("`auto`, `torch`, `openvino`", "auto")
    assert found["max_length"] == ("number > 0 or null", "60.0")
    assert found["recheck"] == ("true or false", "false")


def test_a_bound_says_that_it_may_be_a_percentile():
    from vidcurate.filter.motion import Motion

    found = {name: type_and_range for name, type_and_range, _, _ in options(Motion)}

    assert found["min"] == "a number from 0 to 1, or a percentile of all clips, p0 to p100 or null"


def test_there_is_a_page_for_every_kind_and_a_section_for_every_option():
    made = pages()

    assert set(made) == {"index.md", *(f"{kind}.md" for kind in KINDS)}
    for kind in KINDS:
        assert all(f"\n## {name}\n" in made[f"{kind}.md"] for name in registered(kind))
        assert all(f"({kind}.md#{name})" in made["index.md"] for name in registered(kind))


def test_a_subclass_has_the_last_word_on_an_attribute():
    assert attributes(TransNetV2)["threshold"].startswith("probability above which")
    assert attributes(TransNetV2)["crop"] == "cut off both ends of every piece."


def test_sections_of_docstrings_are_read_and_left_out_of_the_prose():
    listed = "Attributes:\n    one: first\n        and more.\n    two: second."
    said = f"What it is.\n\nMore\nof it.\n\n{listed}\n\nSource: a book."

    assert section(said, "Attributes") == {"one": "first and more.", "two": "second."}
    assert prose(said) == "What it is.\n\nMore of it.\n\nSource: a book."


def test_marks_are_replaced_by_what_the_code_says():
    page = filled("before\n\n<!-- columns: FAILURES -->\n\nafter")

    assert "| `message` | `string` |" in page
    assert page.startswith("before\n")
    assert page.endswith("after")
    assert "seconds of the source's own clock" in columns("CLIPS")
    with pytest.raises(KeyError):
        columns("table")


def test_a_function_is_described_with_arguments_and_errors():
    from vidcurate.run import curate

    said = described(curate, "curate")

    assert said.startswith("### `curate(recipe, *, out, source=…")
    assert "- `out`: root of the dataset" in said
