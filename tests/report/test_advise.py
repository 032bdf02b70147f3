"""advise.html in a real browser: what is pressed is counted, as Python counts it, and what is saved is read back."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.advice import CLIP, RECIPE, SOURCE, write_dataset
from vidcurate import curate
from vidcurate.recipe import Advise
from vidcurate.stage.precision import Band, next_step, precision_at, steps

pytest.importorskip("jinja2", reason="needs the extra `report`")


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("marked")
    write_dataset(root)
    curate(replace(RECIPE, advise=Advise(per_band=20)), out=str(root), steps=["advise"])
    return root


@pytest.fixture
def page(browser, root) -> Iterator[object]:
    """The page, freshly opened; errors of its script fail the test, and so does a request that leaves the machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: faults.append(request.url) if request.url.startswith("http") else None)
    page.goto((root / "advise.html").as_uri())
    yield page
    context.close()
    assert faults == []


def texts(page, selector: str) -> list[str]:
    return page.locator(selector).all_inner_texts()


def press_all(page, bar: float = 0.9) -> None:
    """Mark every pair as somebody would who sees the same from a similarity on and doubts near it."""
    for _ in page.evaluate("data.pairs"):
        similarity = page.evaluate("pairs[state.at].similarity")
        page.keyboard.press("u" if abs(similarity - bar) < 0.005 else "s" if similarity > bar else "d")


@pytest.mark.slow
def test_marks_are_counted_as_python_counts_them_and_read_back(page, root, tmp_path):
    press_all(page)
    with page.expect_download() as waiting:
        page.click("#save")
    labels = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(labels)

    curate(replace(RECIPE, advise=Advise(labels=str(labels))), out=str(tmp_path_of(root, tmp_path)), steps=["advise"])
    found = json.loads((tmp_path / "copy/semantic/advice.json").read_text(encoding="utf-8"))

    assert labels.name == "labels.csv"
    assert labels.read_text(encoding="utf-8").splitlines()[0] == "id,other_id,similarity,label,time"
    shown = [row.split("\t") for row in texts(page, "#bands tbody tr")]
    assert len(shown) == len(found["bands"]) == 10
    for cells, band in zip(shown, found["bands"], strict=True):
        assert [int(cell) for cell in cells[2:6]] == [band[name] for name in ("pairs", "same", "different", "unsure")]
        assert cells[6] == f"{100 * band['precision']:.1f}%"
        assert cells[7] == f"{100 * band['low']:.1f}% – {100 * band['high']:.1f}%"  # noqa: RUF001  # as the page has it
    assert sum(band["unsure"] for band in found["bands"]) > 0
    assert page.inner_text("#eps").split()[0] == str(found["advice"]["eps"])
    said = page.inner_text("#advice")
    assert f"Keeps {found['advice']['kept']} of 70 clips and drops {found['advice']['removed']}." in said
    assert f"{100 * found['advice']['low']:.1f}%" in said
    assert page.inner_text("#command").endswith(f" {found['advice']['override']}")
    assert page.inner_text("#count").startswith("all ")


def tmp_path_of(root: Path, tmp_path: Path) -> Path:
    """A copy of the dataset, so that tests do not meet each other's labels."""
    return shutil.copytree(root, tmp_path / "copy")


def test_the_similarity_is_hidden_until_a_pair_is_marked(page):
    similarity = f"{page.evaluate('pairs[0].similarity'):.4f}"
    assert similarity not in page.inner_text("#verdict")

    page.keyboard.press("s")
    assert page.inner_text("#verdict") == f"Last pair: Same · similarity {similarity}"
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#verdict") == f"Same · similarity {similarity}"

    page.keyboard.press("ArrowRight")
    page.check("#reveal")
    assert page.inner_text("#verdict") == f"similarity {page.evaluate('pairs[1].similarity'):.4f}"


def test_undo_takes_back_one_mark_after_the_other(page):
    for key in "sdu":
        page.keyboard.press(key)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("s")  # the third is marked anew
    assert page.evaluate("pairs.slice(0, 3).map(labelOf)") == ["same", "different", "same"]

    page.keyboard.press("z")
    assert page.evaluate("pairs.slice(0, 3).map(labelOf)") == ["same", "different", "unsure"]
    page.click("#undo")
    page.click("#undo")
    assert page.evaluate("pairs.slice(0, 3).map((one) => labelOf(one) ?? null)") == ["same", None, None]
    assert page.inner_text("#where").startswith("Pair 2 of ")
    page.keyboard.press("z")
    page.keyboard.press("z")
    assert page.inner_text("#count").startswith("0 of ")
    assert page.is_disabled("#undo")


def test_marks_survive_a_reload(page):
    page.keyboard.press("d")
    page.keyboard.press("s")
    page.check("#reveal")

    page.reload()

    assert page.inner_text("#count").startswith("2 of ")
    assert page.inner_text("#where").startswith("Pair 3 of ")
    assert page.is_checked("#reveal")
    page.keyboard.press("z")
    assert page.evaluate("pairs.slice(0, 2).map((one) => labelOf(one) ?? null)") == ["different", None]


def test_a_shortcut_of_the_browser_marks_nothing(page):
    page.keyboard.press("Control+u")
    page.keyboard.press("Alt+d")

    assert page.inner_text("#count").startswith("0 of ")


def test_names_are_text_and_never_markup(page):
    seen = set()
    for _ in page.evaluate("data.pairs"):
        seen |= set(texts(page, "figcaption span"))
        page.keyboard.press("ArrowRight")

    assert {SOURCE, CLIP} <= seen
    assert page.title() == f"{page.inner_text('h1')} · choose epsilon"
    assert page.locator('img[src="x"]').count() == 0
    assert page.locator("script").count() == 2  # the data, and the page's own


def test_clips_are_shown_by_the_best_there_is(page):
    kinds = {name: clip["kind"] for name, clip in page.evaluate("data.clips").items()}
    assert {kind: sum(one == kind for one in kinds.values()) for kind in ("video", "none")} == {"video": 1, "none": 2}
    assert page.evaluate("data.clips.clip001.href") == "previews/clip001.jpg"

    for name, expected in (("clip002", "video"), ("clip003", "span"), ("clip010", "img"), ("clip001", "img")):
        page.evaluate("(name) => showClip('left', name)", name)
        assert page.evaluate("document.querySelector('#left').firstChild.localName") == expected
    # `wait_for_function` polls by `eval`, which the page's policy forbids
    expect = pytest.importorskip("playwright.sync_api").expect
    expect(page.locator("#left img")).not_to_have_js_property("naturalWidth", 0)
    page.evaluate("showClip('left', 'clip010')")
    expect(page.locator("#left img")).to_have_js_property("naturalWidth", 64)
    assert page.get_attribute("#left img", "alt") == "Clip clip010 from b.mp4"
    page.evaluate("showClip('left', 'clip002')")
    expect(page.locator("#left video")).to_have_js_property("videoWidth", 320)


def test_every_control_has_a_name_and_every_key_is_told(page):
    names = page.evaluate(
        "[...document.querySelectorAll('button, input, progress, svg')].map((one) =>"
        " one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.[0]?.textContent.trim() || '')"
    )

    assert all(names), names
    keys = page.evaluate("[...document.querySelectorAll('[aria-keyshortcuts]')].map((one) => one.ariaKeyShortcuts)")
    assert sorted(keys) == ["ArrowLeft", "ArrowRight", "d", "s", "u", "z"]


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_wider_than_the_window(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.keyboard.press("s")

    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_arithmetic_of_the_page_is_that_of_python(page):
    source = random.Random(7)
    for _ in range(40):
        bands, above, total = [], {}, 0
        for index in range(3):
            pairs = source.choice([0, 1, 5, 40, 3000])
            marked = min(pairs, source.choice([0, 3, 20]))
            same = source.randint(marked // 2, marked)
            outer = [0.005, 0.01, 0.02][index]
            bands.append(
                Band(inner=[0.0, 0.005, 0.01][index], outer=outer, pairs=pairs, same=same, different=marked - same)
            )
            total += pairs
            above[outer] = total
        facts = [
            {name: getattr(band, name) for name in ("inner", "outer", "pairs", "same", "different", "unsure")}
            for band in bands
        ]

        for eps, pairs in above.items():
            expected = precision_at(bands, eps, pairs)
            found = page.evaluate("([bands, eps, above]) => precisionAt(bands, eps, above)", [facts, eps, pairs])
            assert (found is None) == (expected is None)
            if found:
                assert (found["share"], found["low"], found["high"]) == pytest.approx(
                    (expected.share, expected.low, expected.high), abs=1e-12
                )
        wanted = next_step(bands, above, 0.95, 0.0)
        script = (
            "([bands, epsilons, above]) => { Object.assign(data, {bands, epsilons, above});"
            " const next = nextStep(bands, 0); return next && [next.eps, next.total]; }"
        )
        found = page.evaluate(script, [facts, list(above), list(above.values())])
        assert found == (wanted and [wanted.eps, wanted.total])


def test_between_epsilons_that_were_tried_the_page_says_about(page):
    page.evaluate("Object.assign(data, {total: 100, kept: [null, 90, null, null, 60]})")

    assert page.evaluate("[0, 1, 2, 3, 4].map(keptAt)") == [
        ["about 5", "about 95"], ["10", "90"], ["about 20", "about 80"], ["about 30", "about 70"], ["40", "60"],
    ]  # fmt: skip


@pytest.mark.slow
def test_marks_that_were_given_are_there(browser, root, tmp_path):
    copy = tmp_path_of(root, tmp_path)
    pair = json.loads((copy / "advise.html").read_text().split('id="data">')[1].split("</script>")[0])["pairs"][0]
    rows = [{"id": pair["other"], "other_id": pair["id"], "label": "different"}]
    (copy / "semantic/labels.json").write_text(json.dumps(rows), encoding="utf-8")
    curate(RECIPE, out=str(copy), steps=["advise"])
    page = browser.new_page()

    page.goto((copy / "advise.html").as_uri())

    assert page.inner_text("#count").startswith("1 of ")
    marked = page.evaluate("pairs.filter(labelOf).map((one) => [one.id, one.other, labelOf(one)])")
    assert marked == [[pair["id"], pair["other"], "different"]]
    page.close()


def test_a_dataset_without_similar_pairs_has_a_page_that_says_so(tmp_path):
    import numpy as np

    from vidcurate.store.files import Store
    from vidcurate.table import vectors_table

    Store(str(tmp_path)).write_table("x/part-0.parquet", vectors_table(list("abc"), np.eye(3, dtype=np.float32)))
    curate(RECIPE, out=str(tmp_path), steps=["dedup", "advise"], embeddings=str(tmp_path / "x"))

    text = (tmp_path / "advise.html").read_text(encoding="utf-8")
    assert "No pair to mark" in text
    assert 'id="data"' not in text
    assert steps(0.7)[-1] == 0.3
