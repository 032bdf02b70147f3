from __future__ import annotations

import base64
import contextlib
import gc
import io
import json
import re
import sys
from pathlib import Path

import pytest

from tests.html import Page
from tests.media import write_video
from tests.sharder.made import packed
from vidcurate.report import units, write_report
from vidcurate.report.epsilons import measured
from vidcurate.sharder.base import Sample
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.store.files import Store
from vidcurate.table import CAPTIONS, CLIPS, DECISIONS, FAILURES, NEIGHBOURS, SCORES, VIDEOS, table

NASTY = "a <script>alert('1')</script> & \"ü\".mp4"
EPSILONS = b"""\
eps,kept,removed,total,kept_share,kept_hours,kept_bytes,groups,pair_recall,pair_recall_low,pair_recall_high,\
item_recall,item_recall_low,item_recall_high,semdedup_removed,semdedup_orphans
0.01,3,1,4,0.75,0.5,2048,1,,,,,,,1,0
0.05,2,2,4,0.5,0.25,1024,1,0.981,0.97,0.99,1.0,0.995,1.0,1200,34
"""
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")


def data_of(root: Path, name: str = "data") -> dict:
    """What the scripts of a page read."""
    text = (root / "report.html").read_text(encoding="utf-8")
    return json.loads(text.split(f'id="{name}">')[1].split("</script>")[0])


def clip(name: str, *, video: str = "v1", reason: str = "", num_bytes: int = 0) -> dict:
    return {
        "clip_id": name, "video_id": video, "uri": f"clips/{name}.mp4", "start": 61.0, "end": 63.0, "duration": 2.0,
        "width": 320, "height": 176, "fps": 25.0, "num_frames": 50, "codec": "h264", "num_bytes": num_bytes,
        "has_audio": False, "kept": not reason, "reason": reason,
    }  # fmt: skip


def sample(name: str, num_bytes: int, caption: str) -> Sample:
    facts = {"clip_id": name, "caption": caption}
    shape = {"width": 320, "height": 176, "duration": 2.0, "num_bytes": num_bytes, "source": "v0"}
    return Sample(key=name, media=f"clips/{name}.mp4", caption=caption, metadata=facts, **shape)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Two inputs are processed, one is filtered, one a copy, one failed; of five clips one is static, two copies."""
    root = tmp_path_factory.mktemp("reports") / "street <b> scenes"
    (root / "clips").mkdir(parents=True)
    path = write_video(root / "clips" / "c0.mp4", (25, 25))
    for name in ("c1", "c2", "c3"):
        path.with_name(f"{name}.mp4").write_bytes(path.read_bytes())
    num_bytes = path.stat().st_size
    videos = table(
        VIDEOS,
        [
            {"video_id": "v1", "uri": NASTY, "status": "processed", "duration": 3600.0},
            {"video_id": "v2", "uri": "b.mp4", "status": "processed", "duration": 60.0},
            {"video_id": "v3", "uri": "c.mp4", "status": "filtered", "reason": "too_short", "duration": 1.0},
            {"video_id": "v1", "uri": "d.mp4", "status": "duplicate", "reason": f"same bytes as {NASTY}"},
            {"video_id": "v5", "uri": "e.mp4", "status": "failed", "reason": "decode_error"},
        ],
    )
    clips = table(
        CLIPS,
        [
            *(clip(name, num_bytes=num_bytes) for name in ("c0", "c1", "c2")),
            clip("c3", video="v2", num_bytes=num_bytes),
            clip("c4", video="v2", reason="too_static"),  # its file is gone
        ],
    )
    values = {"c0": 0.1, "c1": 0.2, "c2": 0.3, "c3": 0.4, "c4": 0.001}
    scores = table(
        SCORES,
        (
            {"clip_id": name, "filter": "motion", "score": "motion", "value": value, "kept": name != "c4"}
            for name, value in values.items()
        ),
    )
    captions = table(CAPTIONS, [{"clip_id": "c0", "start_frame": 0, "caption": "Cars & <em>people</em>."}])
    failure = {
        "video_id": "v5",
        "uri": "e.mp4",
        "stage": "split",
        "reason": "decode_error",
        "message": "no frame <at all>",
    }
    failures = table(FAILURES, [failure])
    # c2 duplicates c1, which duplicates c0: a chain of witnesses. c3 is near, but kept.
    near = [("c0", "c0", 0.0), ("c1", "c0", 0.96), ("c2", "c1", 0.9912), ("c3", "c0", 0.9444)]
    neighbours = table(NEIGHBOURS, ({"id": a, "max_id": b, "cosine_sim_score": score} for a, b, score in near))
    decisions = table(
        DECISIONS,
        (
            {"id": name, "kept": score < 0.95, "similarity": score, "group_id": "c0"}
            | {"witness_id": other if score > 0.95 else None, "reason": "semantic_duplicate" if score > 0.95 else ""}
            | ({"group_id": "c3"} if name == "c3" else {})
            for name, other, score in near
        ),
    )
    store = Store(str(root))
    tables = {"videos": videos, "clips": clips, "scores": scores, "captions": captions, "failures": failures}
    for name, value in tables.items():
        store.write_table(f"tables/{name}/part-0.parquet", value)
    store.write_table("semantic/extraction/semdedup_pruning_tables/cluster_0.parquet", neighbours)
    store.write_table("semantic/decisions/eps=0.05/part-0.parquet", decisions)
    store.write("semantic/epsilon_table.csv", EPSILONS)
    store.write("semantic/epsilon_curve.png", PIXEL)
    packed(
        WebDataset(shuffle=False),
        store,
        [sample("c0", num_bytes, "Cars & <em>people</em>."), sample("c3", num_bytes, "")],
    )
    return root


@pytest.fixture(scope="module")
def page(root) -> Page:
    assert write_report(Store(str(root)), {"dedup": {"eps": 0.05}}) == "report.html"
    return Page((root / "report.html").read_text(encoding="utf-8"))


def test_the_funnel_counts_what_is_left_and_how_long_it_is(page):
    assert "Inputs 5 videos 1 h 01 min 100%" in page.text
    assert "Readable 4 videos 1 h 01 min 80%" in page.text
    assert "Clips cut 5 clips 10.0 s 100%" in page.text
    assert "Passed the filters 4 clips 8.0 s 80%" in page.text
    assert "Unique 2 clips 4.0 s 40%" in page.text
    assert "In shards 2 clips 4.0 s 40%" in page.text


def test_every_reason_is_counted(page):
    assert "decode error failed 1 20%" in page.text
    assert "exact copy duplicate 1 20%" in page.text
    assert "too short filtered 1 20%" in page.text
    assert "too static filtered 1 20%" in page.text
    assert "semantic duplicate duplicate 2 40%" in page.text


def test_failures_are_listed_with_their_message(page):
    assert "e.mp4 split decode error no frame <at all>" in page.text


def test_text_of_others_is_never_markup(page, root, opened):
    assert "street <b> scenes" in page.text
    assert not {"em", "b"} & set(page.tags)

    shown = opened(root)

    assert shown.title() == "street <b> scenes · vidcurate"
    assert shown.locator("img").first.get_attribute("alt").startswith("Clip c")
    assert NASTY in shown.locator("#duplicates .source").all_inner_texts()
    assert shown.locator("#sheet .said").all_inner_texts() == ["Cars & <em>people</em>."]
    assert shown.locator("script").count() == 1 + page.tags.count("script") - 1


def test_no_text_ends_the_script_that_holds_it(tmp_path):
    ending = "</script><script>alert(1)</script><!--\u2028"
    store = Store(str(tmp_path))
    store.write_table("tables/clips/part-0.parquet", table(CLIPS, [clip("c0")]))
    store.write_table(
        "tables/videos/part-0.parquet", table(VIDEOS, [{"video_id": "v1", "uri": ending, "status": "processed"}])
    )

    write_report(store, {})

    assert data_of(tmp_path)["columns"]["sources"] == [ending, ""]
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert Page(html).tags.count("script") == html.count("<script") == html.count("</script>")
    assert "<script>alert(1)" not in html


def test_nothing_is_loaded_from_elsewhere(page, root):
    places = page.values("src") + page.values("href")

    assert places
    assert [place for place in places if not place.startswith(("data:image/", "#"))] == ["logs/timeline.html"]
    assert "url(" not in (root / "report.html").read_text(encoding="utf-8")
    (policy,) = (value for value in page.values("content") if value.startswith("default-src"))
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy


def test_links_of_the_page_lead_to_its_sections(page):
    anchors = {place[1:] for place in page.values("href") if place.startswith("#")}

    assert anchors <= set(page.values("id"))
    assert anchors >= {
        "funnel",
        "reasons",
        "failures",
        "scores",
        "duplicates",
        "rejects",
        "sheet",
        "shards",
        "following",
    }


def test_pairs_are_shown_from_the_threshold_on_with_both_fates(page, root):
    found = data_of(root)
    ids = found["columns"]["ids"]
    shown = {
        kind: [(ids[clip], ids[other], round(similarity, 4), kept) for clip, other, similarity, kept in pairs]
        for kind, pairs in found["duplicates"]["pairs"].items()
    }

    assert shown["borderline"] == [("c1", "c0", 0.96, True), ("c2", "c1", 0.9912, False)]  # c1 is a duplicate itself
    assert shown["alike"] == []
    assert shown["missed"] == [("c3", "c0", 0.9444, True)]
    assert "above 1 \N{MINUS SIGN} eps = 0.95 ." in page.text


def test_pairs_stand_side_by_side_with_their_pictures(root, opened):
    shown = opened(root)

    assert shown.locator("#dup-shown h3").all_inner_texts() == ["Groups", "Closest to the threshold", "Just missed"]
    assert shown.locator("#dup-shown .similarity strong").all_inner_texts() == ["0.9600", "0.9912", "0.9444"]
    assert shown.locator("#dup-shown .pair .badge").all_inner_texts() == [
        "dropped", "kept", "dropped", "dropped for another", "kept", "kept",
    ]  # fmt: skip
    assert "1:01.0\N{EN DASH}1:03.0 · 320\N{MULTIPLICATION SIGN}176" in shown.inner_text("#dup-shown")
    assert shown.get_attribute("#dup-shown .pair a", "href") == "clips/c1.mp4"
    assert shown.evaluate("[...document.images].every((one) => one.complete && one.naturalWidth > 0 || one.loading)")
    assert shown.evaluate("[...document.images].every((one) => one.alt)")


def test_the_epsilon_that_is_shown_stands_out_in_the_table(root, page):
    html = (root / "report.html").read_text(encoding="utf-8")

    assert re.findall(r'<tr class="now"><td class="n" data-name="eps">([^<]*)', html) == ["0.05"]
    assert "0.01 3 1 4 75% 30 min 00 s 2.0 KiB 1 0.05 2 2 4 50% 15 min 00 s 1.0 KiB 1 98.10% 100.00%" in page.text
    assert f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}" in page.values("src")


def test_recall_and_orphans_at_the_epsilon_that_is_shown_are_said(page):
    assert "knows 98.10% of all duplicate pairs (95 % interval 97.00% to 99.00%)." in page.text
    assert "knows 100.00% of clips with an earlier duplicate (95 % interval 99.50% to 100.00%)." in page.text
    assert "SemDeDup would have orphaned 34 of the 1,200 it drops: no clip it keeps is within eps." in page.text


def test_of_an_exact_search_no_interval_is_said():
    text = "eps,pair_recall,pair_recall_low,item_recall\n0.01,1.0,1.0,1.0\n"

    assert measured(text, 0.01) == ["The search is exact: it knows all pairs."]
    assert measured(text, 0.02) == measured("", None) == []


def test_scores_are_drawn_with_what_the_filter_drops(root, page):
    html = (root / "report.html").read_text(encoding="utf-8")

    assert "motion: 5 clips from 0.001 to 0.4, median 0.2" in page.values("aria-label")
    assert html.count('<rect class="kept"') == 4
    assert html.count('<rect class="dropped"') == 1
    assert "1 of 5 dropped" in page.text


def test_the_sheet_shows_clips_of_the_finished_dataset(page, root, opened):
    assert "2 of 2, spread evenly" in page.text
    assert data_of(root)["sheet"]["rows"] == [0, 3]
    assert opened(root).locator("#sheet .badge").all_inner_texts() == ["2.0 s", "2.0 s"]


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_wider_than_the_window(page, root, opened, width):
    shown = opened(root, width=width)

    assert shown.evaluate("document.documentElement.scrollWidth") == width


def test_every_control_has_a_name(page, root, opened):
    controls = "button, input, select, [role=slider], [role=group], svg[role=img]"
    named = """(one) => one.ariaLabel || one.getAttribute("aria-labelledby") || one.title ||
      one.labels?.[0]?.textContent.trim() || one.textContent.trim() || one.querySelector("img")?.alt"""
    shown = opened(root).locator(controls)

    unnamed = shown.evaluate_all(f"(found) => found.filter((one) => !({named})(one)).map((one) => one.outerHTML)")

    assert shown.count() > 5
    assert unnamed == []


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_a_page_on_an_object_store_links_to_what_lies_beside_it(root, tmp_path):
    store = Store(f"memory://{tmp_path.name}-linked")
    for key in Store(str(root)).keys(""):
        store.write(key, (root / key).read_bytes())
    store.write("previews/c0.jpg", b"no picture that anyone looks at")

    write_report(store, {})

    text = store.read("report.html").decode()
    columns = json.loads(text.split('id="data">')[1].split("</script>")[0])["columns"]
    assert columns["base"] == ""
    assert columns["links"]["folders"] == ["", "clips/"]
    assert base64.b64decode(columns["drawn"]["u1"]) == b"\1\0\0\0\0"


def test_every_picture_has_an_alternative_and_every_table_header_a_scope(page):
    assert page.tags.count("img") == len(page.values("alt")) == 1  # the curve
    assert page.tags.count("th") == len(page.values("scope"))


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # webdataset leaves closing to the collector
@pytest.mark.parametrize("scheme", ["folder", "memory"])
def test_the_lines_on_the_page_load_the_shards(root, tmp_path, scheme):
    store = Store(str(root))
    if scheme == "memory":
        store = Store(f"memory://{tmp_path.name}")
        for key in Store(str(root)).keys(""):
            store.write(key, (root / key).read_bytes())
    write_report(store, {})
    snippet = Page(store.read("report.html").decode()).text.split("Load them ")[1].split(" Go on from here")[0]
    code = re.search(r"<pre><code>(import .*?)</code>", store.read("report.html").decode(), re.DOTALL)[1]

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(Page(f"<pre>{code}</pre>").words[0], {})
    gc.collect()

    assert snippet.startswith("import")
    assert [line.split()[0] for line in printed.getvalue().splitlines()] == ["c0", "c3"]
    assert "Cars & <em>people</em>." in printed.getvalue()


def test_commands_can_be_pasted_whatever_the_name_of_the_folder(page, root):
    assert f"vidcurate +experiment=shard 'out={root}' dedup.eps=0.05" in page.text


def test_the_same_dataset_gives_the_same_page(root, page):
    before = (root / "report.html").read_bytes()

    write_report(Store(str(root)), {"dedup": {"eps": 0.05}})

    assert (root / "report.html").read_bytes() == before
    assert len(before) < 200_000


def test_an_empty_dataset_has_a_page_that_says_what_is_missing(tmp_path):
    write_report(Store(str(tmp_path)), {"dedup": None})

    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))

    assert "0 videos went in; 0 clips" in page.text
    assert "Not looked for yet: run +experiment=dedup." in page.text
    assert "Not packed yet: run +experiment=shard." in page.text


def test_clips_that_cannot_be_shown_cost_no_page(tmp_path, caplog):
    store = Store(str(tmp_path))
    store.write("clips/c0.mp4", b"no video")
    store.write_table("tables/clips/part-0.parquet", table(CLIPS, [clip("c0"), clip("gone")]))

    write_report(store, {})

    assert data_of(tmp_path, "pictures") == {}
    assert caplog.text.count("no picture of clips/") == 2


def test_decisions_on_foreign_clips_are_shown_by_id(tmp_path, opened):
    store = Store(str(tmp_path))
    rows = [
        {"id": "x", "kept": True, "similarity": 0.0},
        {"id": "y", "kept": False, "witness_id": "x", "similarity": 1.0},
    ]
    store.write_table("semantic/decisions/eps=0.01/part-0.parquet", table(DECISIONS, rows))

    write_report(store, {})

    said = " ".join(opened(tmp_path).inner_text("#dup-shown .pair").split())
    assert said == "1.0000 cosine no picture dropped y no picture kept x"


@pytest.mark.parametrize("folder", ["eps=0.01-across_sources-None-None", "eps=1e-05-all-0.5-None"])
def test_decisions_that_hold_for_some_sources_only_are_shown(tmp_path, folder):
    store = Store(str(tmp_path))
    rows = [{"id": "x", "kept": True, "similarity": 0.0}]
    store.write_table(f"semantic/decisions/{folder}/part-0.parquet", table(DECISIONS, rows))

    write_report(store, {})

    limit = "0.99" if folder.startswith("eps=0.01") else "1"
    assert f"above 1 \N{MINUS SIGN} eps = {limit} ." in Page(store.read("report.html").decode()).text


def test_without_jinja2_the_run_goes_on_and_says_how_to_get_the_page(tmp_path, caplog, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)

    assert write_report(Store(str(tmp_path)), {}) is None
    assert "pip install 'vidcurate[report]'" in caplog.text
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (units.timespan(0.04), "0.0 s"),
        (units.timespan(59.96), "1 min 00 s"),
        (units.timespan(3599.6), "1 h 00 min"),
        (units.timespan(100 * 3600), "100 h"),
        (units.clock(62.04), "1:02.0"),
        (units.clock(3723.45), "1:02:03.4"),
        (units.size(1023), "1023 bytes"),
        (units.size(500 * 1024**2), "500.0 MiB"),
        (units.size(5 * 1024**4), "5.0 TiB"),
        (units.number(45.61), "45.6"),
        (units.number(12345.6), "12,346"),
        (units.share(1.0), "100%"),
        (units.share(0.999), "99.9%"),
        (units.share(0.004), "0.4%"),
        (units.counted(1, "clips"), "1 clip"),
        (units.counted(2000, "clips"), "2,000 clips"),
    ],
)
def test_numbers_read_as_people_write_them(shown, expected):
    assert shown == expected
