from __future__ import annotations

import pytest

from vidcurate.records import Shot
from vidcurate.splitter.cuts import shots_between


@pytest.mark.parametrize(
    ("cuts", "told"),
    [
        ([(1, []), (2, [2]), (3, [])], [Shot(0, 1, open=True), Shot(0, 2), Shot(2, 3, open=True), Shot(2, 3)]),
        ([(0, []), (1, []), (4, [3])], [Shot(0, 1, open=True), Shot(0, 3), Shot(3, 4, open=True), Shot(3, 4)]),
        ([(9, [2, 5])], [Shot(0, 2), Shot(2, 5), Shot(5, 9, open=True), Shot(5, 9)]),
        ([(4, [])], [Shot(0, 4, open=True), Shot(0, 4)]),
        ([(0, [])], []),
        ([], []),
    ],
)
def test_shots_are_told_as_soon_as_no_cut_can_fall_into_them(cuts, told):
    assert list(shots_between(cuts)) == told
