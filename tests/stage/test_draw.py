from __future__ import annotations

import numpy as np

from vidcurate.neighbours.graph import Graph, Nearest
from vidcurate.stage.draw import draw, in_band
from vidcurate.stage.precision import edges

TOP, LOW = (0.0, 0.01), (0.07, 0.1)


def graph(pairs: list[tuple[int, int, float]]) -> Graph:
    first, second, similarity = zip(*pairs, strict=True)
    n = max(*first, *second) + 1
    nearest = Nearest(index=np.arange(n), similarity=np.zeros(n, np.float32))
    rows = np.array(first, np.int64), np.array(second, np.int64)
    return Graph(nearest=nearest, first=rows[0], second=rows[1], similarity=np.float32(similarity), floor=0.7)


def everything() -> Graph:
    """All pairs of 100 clips, their similarities spread from .7 to 1."""
    random = np.random.default_rng(1)
    first, second = np.triu_indices(100, 1)
    return graph(list(zip(first, second, random.uniform(0.7, 0.985, len(first)), strict=True)))


def test_a_band_holds_what_is_a_duplicate_at_one_epsilon_and_not_at_the_other():
    similarity = np.float32([1.0, 0.995, 0.99, 0.9900001, 0.985, 0.97])

    assert in_band(similarity, 0.0, 0.005).tolist() == [0]
    assert in_band(similarity, 0.005, 0.01).tolist() == [1, 3]
    assert in_band(similarity, 0.01, 0.02).tolist() == [2, 4]


def test_every_band_gives_as_many_pairs_as_are_asked_for():
    whole, bands = everything(), edges(0.7)

    drawn = np.array(draw(whole, bands, 20, seed=0))

    counts = [np.isin(drawn, in_band(whole.similarity, *band)).sum() for band in bands]
    held = [len(in_band(whole.similarity, *band)) for band in bands]
    assert counts == [min(20, count) for count in held]
    assert len(set(drawn.tolist())) == len(drawn) == sum(counts)


def test_thousands_of_pairs_of_one_group_do_not_fill_a_band():
    first, second = np.triu_indices(100, 1)
    copies = [(int(one), int(other), 0.999) for one, other in zip(first, second, strict=True)]  # 4950 of one group
    others = [(100 + 2 * k, 101 + 2 * k, 0.998) for k in range(15)]

    drawn = draw(graph(copies + others), [TOP], 10, seed=3)

    assert sum(row < len(copies) for row in drawn) <= 1


def test_the_group_counts_as_one_in_other_bands_too():
    copies = [(0, k, 0.999) for k in range(1, 60)]
    towards = [(k, 60, 0.92) for k in range(60)]  # each copy beside the same stranger
    others = [(61 + 2 * k, 62 + 2 * k, 0.91) for k in range(9)]
    whole = graph(copies + towards + others)

    drawn = draw(whole, [LOW], 10, seed=0)

    assert sum(row >= len(copies) + len(towards) for row in drawn) == 9
    assert len(drawn) == 10


def test_a_clip_that_resembles_many_is_shown_once_while_there_are_others():
    hub = [(0, k, 0.92) for k in range(1, 41)]
    others = [(41 + 2 * k, 42 + 2 * k, 0.91) for k in range(12)]

    drawn = draw(graph(hub + others), [LOW], 12, seed=5)

    assert sum(row < len(hub) for row in drawn) <= 1
    assert len(draw(graph(hub + others), [LOW], 30, seed=5)) == 30  # all others, and the rest from the hub


def test_a_larger_draw_holds_the_smaller_one():
    whole, bands = everything(), edges(0.7)

    assert set(draw(whole, bands, 5, seed=0)) < set(draw(whole, bands, 20, seed=0))


def test_a_draw_depends_on_the_seed_alone():
    whole, bands = everything(), edges(0.7)

    assert draw(whole, bands, 5, seed=0) == draw(whole, bands, 5, seed=0)
    assert draw(whole, bands, 5, seed=0) != draw(whole, bands, 5, seed=1)


def test_the_order_of_pairs_does_not_tell_their_similarity():
    whole = everything()

    drawn = draw(whole, edges(0.7), 20, seed=0)

    assert abs(np.corrcoef(np.arange(len(drawn)), whole.similarity[drawn])[0, 1]) < 0.25


def test_no_pair_is_no_error():
    nothing = Graph(
        nearest=Nearest(index=np.arange(3), similarity=np.zeros(3, np.float32)),
        first=np.empty(0, np.int64), second=np.empty(0, np.int64), similarity=np.empty(0, np.float32), floor=0.7,
    )  # fmt: skip

    assert draw(nothing, edges(0.7), 20, seed=0) == []
    assert draw(nothing, [], 20, seed=0) == []
