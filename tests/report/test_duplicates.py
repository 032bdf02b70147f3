"""The epsilon slider decides in a browser what dedup decides in Python."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.advice import MEMBERS, names, vectors
from tests.media import write_video
from tests.report.test_page import data_of
from vidcurate import Recipe, curate
from vidcurate.cluster.single import Single
from vidcurate.dedup.base import Dedup
from vidcurate.dedup.components import Components
from vidcurate.dedup.leader import Leader
from vidcurate.dedup.semdedup import SemDeDup
from vidcurate.report import linked as linking
from vidcurate.report import write_report
from vidcurate.report.dataset import read_dataset
from vidcurate.stage.decide import stored_decisions
from vidcurate.stage.review.verdicts import read_review
from vidcurate.store.files import Store
from vidcurate.table import CLIPS, HASHES, VIDEOS, table, vectors_table

EPSILONS = (0.0, 0.001, 0.01, 0.03, 0.05, 0.1, 0.2, 0.3)
RULES = {
    "leader": Leader(eps=0.05, sweep=EPSILONS),
    "components": Components(eps=0.03, sweep=EPSILONS),
    "semdedup": SemDeDup(eps=0.05, sweep=EPSILONS),
    "across": Leader(eps=0.05, scope="across_sources"),
    "within": Leader(eps=0.1, eps_within_source=0.01),
}

QUICK = ("leader", "components")
"""Those that are tried at every run."""


def write_dataset(root: Path, rule: Dedup, *, against: Path | None = None) -> Store:
    """Seventy clips of three videos, some of them copies or equal, after a dedup by a rule."""
    store, clips, matrix = Store(str(root)), names(), vectors()
    matrix[7] = matrix[3]  # equal vectors
    rows = [{"video_id": f"v{number}", "uri": f"v{number}.mp4", "status": "processed"} for number in range(3)]
    store.write_table("tables/videos/part-0.parquet", table(VIDEOS, rows))
    facts = {"start": 0.0, "width": 320, "height": 176, "num_bytes": 1, "kept": True, "reason": ""}
    made = [
        facts
        | {"clip_id": name, "video_id": f"v{number % 3}", "duration": 2.0 + number / 100}
        | ({"uri": f"clips/{name}.mp4"} if number == 3 else {})
        for number, name in enumerate(clips)
    ]
    (root / "clips").mkdir(parents=True, exist_ok=True)
    write_video(root / f"clips/{clips[3]}.mp4", (5,))
    store.write_table("tables/clips/part-0.parquet", table(CLIPS, made))
    looks = np.random.default_rng(1).integers(2**63, size=(len(clips), 4), dtype=np.int64).tolist()
    hashes = [
        {
            "clip_id": name,
            "duration": 2.0,
            "content_hash": "same" if number in (12, 40) else name,
            "phash": looks[number],
        }
        for number, name in enumerate(clips)
    ]
    store.write_table("tables/hashes/part-0.parquet", table(HASHES, hashes))
    recipe = Recipe(cluster=Single(), dedup=rule)
    store.write_table(f"{recipe.embedder.folder}/part-0.parquet", vectors_table(clips, matrix))
    curate(recipe, out=str(root), steps=["dedup"], against=[str(against)] if against else [])
    return store


def kept_by_python(store: Store, rule: Dedup, eps: float) -> set[str]:
    found = stored_decisions(store, replace(rule, eps=eps)).table
    return set(found["id"].filter(found["kept"]).to_pylist())


def kept_by_page(page, eps: float) -> set[str]:
    return set(names()) - set(
        page.evaluate(
            """(eps) => {
              const fate = page.duplicates.decide(eps);
              return [...page.duplicates.rows].filter((_, clip) => !fate.kept[clip]).map((row) => clips.ids[row]);
            }""",
            eps,
        )
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("leader")
    write_dataset(root, RULES["leader"])
    return root


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in RULES]
)
def test_every_epsilon_keeps_what_dedup_keeps(tmp_path, name, opened):
    rule = RULES[name]
    store = write_dataset(tmp_path, rule)

    page = opened(tmp_path)

    counts = set()
    for eps in EPSILONS:
        kept = kept_by_python(store, rule, eps)
        assert kept_by_page(page, eps) == kept
        counts.add(len(kept))
    assert len(counts) > 3


@pytest.mark.slow
def test_clips_that_a_reference_knows_are_dropped_in_the_page_too(tmp_path, opened):
    reference = tmp_path / "reference"
    Store(str(reference)).write_table("part-0.parquet", vectors_table(["r0", "r1"], vectors()[[0, 2 * MEMBERS + 1]]))
    store = write_dataset(tmp_path / "out", RULES["leader"], against=reference)
    page = opened(tmp_path / "out")

    for eps in EPSILONS:
        assert kept_by_page(page, eps) == kept_by_python(store, RULES["leader"], eps)


@pytest.mark.slow
def test_what_a_person_has_said_counts_in_the_page_too(tmp_path, opened):
    review = tmp_path / "review.csv"
    keep, drop, copied = names()[3], names()[5], names()[12]
    review.write_text(f"clip_id,decision\n{keep},keep\n{drop},drop\n{copied},drop\n", encoding="utf-8")
    rule = replace(RULES["leader"], review=str(review))
    store = write_dataset(tmp_path / "out", rule)

    page = opened(tmp_path / "out")

    for eps in EPSILONS:
        found = stored_decisions(store, replace(rule, eps=eps), review=read_review(str(review))).table
        assert kept_by_page(page, eps) == set(found["id"].filter(found["kept"]).to_pylist())


def test_decisions_that_are_not_those_of_the_pairs_have_no_slider(tmp_path):
    store = write_dataset(tmp_path, RULES["leader"])
    (key,) = store.keys("semantic/decisions", ".parquet")
    decisions = store.read_table(key)
    at = decisions.schema.get_field_index("kept")
    store.write_table(key, decisions.set_column(at, "kept", pa.array([True] * decisions.num_rows)))

    write_report(store, {"dedup": {"eps": 0.05}})

    assert data_of(tmp_path)["duplicates"]["linked"] is None


def test_the_page_counts_as_the_table_of_epsilons_does(root, opened):
    page = opened(root)
    rows = list(csv.DictReader(io.StringIO((root / "semantic/epsilon_table.csv").read_text(encoding="utf-8"))))

    assert len(rows) == len(EPSILONS)
    for row in rows:
        found = page.evaluate("page.duplicates.summary", float(row["eps"]))
        assert [found[name] for name in ("kept", "removed", "total", "groups", "largest")] == [
            int(row[name]) for name in ("kept", "removed", "total", "groups", "largest_group")
        ]
        assert found["seconds"] == pytest.approx(3600 * float(row["kept_hours"]))


@pytest.mark.parametrize("name", ["leader", pytest.param("semdedup", marks=pytest.mark.slow)])
def test_groups_and_pairs_of_the_run_are_those_that_the_page_finds(tmp_path, name, opened):
    write_dataset(tmp_path, RULES[name])
    found = data_of(tmp_path)["duplicates"]

    told = opened(tmp_path).evaluate("page.duplicates.told(data.duplicates.eps)")

    def rounded(value):
        return [rounded(one) if isinstance(one, list) else round(one, 5) if isinstance(one, float) else one
                for one in value]  # fmt: skip

    assert found["pairs"]["borderline"]
    assert found["pairs"]["missed"]
    for kind in ("borderline", "alike", "missed"):
        assert rounded(told["pairs"][kind]) == rounded(found["pairs"][kind])
    assert told["groups"]["count"] == found["groups"]["count"]
    assert rounded(told["groups"]["shown"][:12]) == rounded(found["groups"]["shown"])


def test_the_slider_is_moved_by_keys_and_names_the_override(root, opened):
    page = opened(root)
    slider = page.get_by_role("slider", name="dedup.eps")
    assert slider.get_attribute("aria-valuenow") == page.inner_text("#dup-eps") == "0.05"

    slider.focus()
    page.keyboard.press("PageUp")

    kept = len(kept_by_python(Store(str(root)), RULES["leader"], 0.06))
    assert page.inner_text("#dup-override") == "dedup.eps=0.06"
    assert f"Keeps {kept} of 70 clips" in page.inner_text("#dup-count")
    assert slider.get_attribute("aria-valuetext") == f"0.06: keeps {kept} of 70 clips"
    page.click("#duplicates summary")
    command = page.inner_text("#dup-command")
    assert command.startswith(f"vidcurate +experiment=dedup out={root}")
    assert command.endswith(" cluster=single dedup.eps=0.06")
    page.keyboard.press("Escape")
    slider.focus()
    page.keyboard.press("Home")
    assert page.inner_text("#dup-override") == "dedup.eps=0"
    page.keyboard.press("End")
    assert page.inner_text("#dup-override") == "dedup.eps=0.3"  # 1 - neighbours.floor


def test_the_slider_is_dragged(root, opened):
    page = opened(root)
    field = page.locator("#duplicates .field")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()

    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + 60, steps=3)
    page.mouse.up()

    eps = float(page.inner_text("#dup-eps"))
    assert eps == pytest.approx(0.1, abs=0.005)
    assert f"Keeps {len(kept_by_python(Store(str(root)), RULES['leader'], eps))} of" in page.inner_text("#dup-count")


def test_of_many_pairs_the_most_similar_travel_and_the_slider_ends_there(root, monkeypatch):
    store, rule = Store(str(root)), RULES["leader"]
    decided = stored_decisions(store, rule).table
    whole = linking.linked(store, rule, 0.05, decided)
    monkeypatch.setattr(linking, "PAIRS", whole and len(whole.first) - 20)

    found = linking.linked(store, rule, 0.05, decided)

    assert whole is not None
    assert found is not None
    assert len(found.first) <= len(whole.first) - 20
    assert found.floor > whole.floor
    assert found.similarity.min() >= found.floor
    assert (whole.similarity >= np.float32(found.floor)).sum() == len(found.first)
    assert linking.linked(store, rule, 1 - found.floor + 0.001, decided) is None  # cannot be decided by these


@pytest.mark.slow
def test_what_cannot_be_decided_here_is_told_by_the_table(root, tmp_path, monkeypatch, opened):
    write_dataset(tmp_path, RULES["leader"])
    monkeypatch.setattr(linking, "READ", 10)

    write_report(Store(str(tmp_path)), {"dedup": {"eps": 0.05}})

    assert data_of(tmp_path)["duplicates"]["linked"] is None
    page = opened(tmp_path)
    assert page.locator("#duplicates [role=slider]").count() == 0
    assert page.locator("#duplicates .group").count() > 0
    assert "told by this table alone" in page.inner_text("#duplicates")
    assert page.locator(".tried tbody tr").count() == len(EPSILONS)
    assert read_dataset(Store(str(tmp_path)), 0.05).eps == 0.05
