"""The two snippets by which NeMo Curator's split-dedup-shard tutorial looks at its results run on ours as they are."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.stage.fan import fan_pairs
from vidcurate.dedup.semdedup import SemDeDup
from vidcurate.store.files import Store

pytest.importorskip("pandas", reason="needs the extra `report`")
matplotlib = pytest.importorskip("matplotlib", reason="needs the extra `report`")


@pytest.fixture
def run(tmp_path):
    """`run(name)` executes a snippet with its path filled in; gives its variables and the value of its last line."""
    fan_pairs(Store(str(tmp_path)), SemDeDup())
    matplotlib.use("Agg")

    def execute(name: str) -> tuple[dict, object]:
        text = (Path(__file__).parent / "original_snippets" / f"{name}.txt").read_text(encoding="utf-8")
        # A URL, since pandas takes no storage_options with a plain path.
        *body, last = ast.parse(text.replace('path = "..."', f'path = "file://{tmp_path}/semantic"')).body
        variables: dict = {}
        exec(compile(ast.Module(body, []), name, "exec"), variables)
        return variables, eval(compile(ast.Expression(last.value), name, "eval"), variables)

    yield execute
    matplotlib.pyplot.close("all")


def test_inspect_lists_the_pairs_above_099(run):
    _, pairs = run("inspect")

    assert pairs.values.tolist() == [["b", "a"], ["c", "b"]]


@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
def test_plot_shows_what_each_threshold_leaves(run):
    variables, _ = run("plot")

    # Five clips; two pairs at cos 5 = .9962, one at cos 30 = .866.
    remaining = dict(
        zip(variables["plot_df"]["threshold"].round(3), variables["plot_df"]["ratio_remaining"], strict=True)
    )
    assert (remaining[0.0], remaining[0.004], remaining[0.13], remaining[0.2]) == (100, 60, 60, 40)
