from __future__ import annotations

import numpy as np
import pyarrow as pa

from tests.report.explored import all_clips, fate
from vidcurate.report.dataset import read_dataset
from vidcurate.report.section.statistics import TOP, Spread, binned, cloud, ranked, spreads
from vidcurate.store.files import Store
from vidcurate.table import CAPTIONS, CLIPS, table


def test_an_edge_belongs_to_the_bar_above_it_and_empty_bars_stay_between():
    values = np.array([2.0, 2.9, 5.0, 12.0])

    bars = binned(values, values, (2, 5, 10, 20), "s")

    assert [(bar.label, bar.clips, bar.seconds) for bar in bars] == [
        ("2 to 5 s", 2, 4.9), ("5 to 10 s", 1, 5.0), ("10 to 20 s", 1, 12.0),
    ]  # fmt: skip
    assert binned(np.array([0.5, 30.0]), np.zeros(2), (1, 20), "s")[-1].label == "20 s and more"
    assert binned(np.empty(0), np.empty(0), (1, 2), "s") == ()


def test_rare_names_are_summed_and_equal_ones_are_in_order():
    names = [*"aabbc", *map(str, range(TOP))]

    bars = ranked(pa.chunked_array([names]), np.ones(len(names)))

    assert [bar.label for bar in bars] == ["a", "b", *map(str, range(TOP - 2)), "3 others"]
    assert bars[-1].clips == 3
    spread = Spread(title="Letters", things="clips", bars=bars)
    assert [spread.share(bar) for bar in (bars[0], bars[2], bars[-1])] == [1.0, 0.5, 0.0]
    assert sum(bar.clips for bar in bars) == len(names)


def test_by_length_the_longest_comes_first():
    bars = ranked(pa.chunked_array([["a", "a", "b", None]]), np.array([1.0, 1.0, 9.0, 0.5]), by="seconds")

    assert [(bar.label, bar.seconds) for bar in bars] == [("b", 9.0), ("a", 2.0), ("not known", 0.5)]


def dataset_of(path, captions):
    store = Store(str(path))
    rows = ({"clip_id": name, "kept": name != "gone"} for name in ("a", "b", "gone"))
    store.write_table("tables/clips/part-0.parquet", table(CLIPS, rows))
    store.write_table("tables/captions/part-0.parquet", table(CAPTIONS, captions))
    return read_dataset(store, None)


def test_a_word_counts_once_for_each_clip_that_is_in_the_dataset(tmp_path):
    dataset = dataset_of(
        tmp_path,
        [
            {"clip_id": "a", "captioner": "vlm", "caption": "The dog's ball, a ball."},
            {"clip_id": "a", "captioner": "vlm", "caption": "plain", "enhanced_caption": "Ball games"},
            {"clip_id": "b", "captioner": "vlm", "caption": "Ball"},
            {"clip_id": "gone", "captioner": "vlm", "caption": "never"},
        ],
    )

    words, read, captioned = cloud(dataset)

    assert [(word.text, word.clips) for word in words] == [("ball", 2), ("dog's", 1), ("games", 1)]
    assert [word.size for word in words] == [1.0, 0.0, 0.0]
    assert read == captioned == 3


def test_tags_are_taken_whole(tmp_path):
    dataset = dataset_of(tmp_path, [{"clip_id": "a", "captioner": "tags", "caption": "sea lion, fire engine"}])

    assert [word.text for word in cloud(dataset)[0]] == ["fire engine", "sea lion"]


def test_what_the_dataset_is_made_of_adds_up(explored):
    dataset = read_dataset(Store(str(explored)), 0.05)

    found = {spread.title: spread for spread in spreads(dataset)}

    chosen = sum(fate(*one)[0] == "kept" for one in all_clips())
    assert chosen == 28
    for title, spread in found.items():
        total = 8 if spread.things == "videos" else chosen
        assert sum(bar.clips for bar in spread.bars) == total, title
    ratios = {bar.label: bar.clips for bar in found["Aspect ratio"].bars}
    assert ratios == {"16:9": 24, "4:3": 4}
    assert [bar.label for bar in found["Frames per second"].bars] == ["29.97"]
    assert {bar.label: bar.clips for bar in found["Codec of videos"].bars} == {"h264": 4, "hevc": 4}
    assert {bar.label: bar.clips for bar in found["Words in a caption"].bars} == {"5 to 10": 28}


def test_a_word_of_the_cloud_looks_for_its_clips(opened, explored):
    page = opened(explored)
    words = page.locator("#statistics .cloud button")

    assert "horse" in {word.split()[0] for word in words.all_inner_texts()}
    size = "(word) => getComputedStyle(document.querySelector(`#statistics [data-word=${word}]`)).fontSize"
    assert [page.evaluate(size, word) for word in ("street", "bold")] == ["38px", "13px"]  # of 28 clips, and of one
    page.click("#statistics .cloud [data-word=horse]")

    assert page.input_value("#search-field") == "horse"
    assert page.locator("#search-found li").count() == 8
