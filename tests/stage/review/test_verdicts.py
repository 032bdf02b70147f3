from __future__ import annotations

from pathlib import Path

import pytest

from tests.stage.cut import cut
from vidcurate.errors import ConfigError
from vidcurate.stage.review.verdicts import read_review, review_of
from vidcurate.table import CLIPS, table


def write(folder: Path, *lines: str, head: str = "clip_id,decision,note") -> str:
    path = folder / "review.csv"
    path.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    return str(path)


def test_words_notes_and_lines_are_read(tmp_path):
    review = read_review(write(tmp_path, "a,keep,sharp", "b, DROP ,", "c,,'=later", "", "d"))

    assert review.verdicts == {"a": "keep", "b": "drop"}
    assert review.notes == {"a": "sharp", "c": "=later"}
    assert review.lines == {"a": 2, "b": 3, "c": 4, "d": 6}
    assert review.ids("keep").to_pylist() == ["a"]


def test_only_decisions_make_a_difference(tmp_path):
    first = read_review(write(tmp_path, "a,keep,x", "b,drop,"))

    assert read_review(write(tmp_path, "b,drop,", "c,,", "a,keep,y")).made_from == first.made_from
    assert read_review(write(tmp_path, "b,drop,", "a,drop,y")).made_from != first.made_from


def test_every_wrong_line_is_told_at_once(tmp_path):
    place = write(tmp_path, "a,keep,", "b,kepp,", ",drop,", "a,,", "c,yes,")

    with pytest.raises(ConfigError) as caught:
        read_review(place)

    where = f"dedup.review={place!r} line"
    assert caught.value.problems == (
        f"{where} 3: decision 'kepp'; did you mean 'keep'?; expected keep, drop or nothing",
        f"{where} 4: no clip_id",
        f"{where} 5: 'a' stands on line 2 already; keep one of them",
        f"{where} 6: decision 'yes'; expected keep, drop or nothing",
    )


def test_of_many_wrong_lines_the_first_are_told_and_the_others_counted(tmp_path):
    place = write(tmp_path, *(f"c{number},no," for number in range(50)))

    with pytest.raises(ConfigError) as caught:
        read_review(place)

    assert len(caught.value.problems) == 21
    assert caught.value.problems[-1] == "and 30 more lines"


def test_columns_that_are_missing_are_named(tmp_path):
    with pytest.raises(ConfigError, match="no columns clip_id and decision; there are name, decision"):
        read_review(write(tmp_path, "a,keep", head="name,decision"))


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path):
    with pytest.raises(ConfigError, match=r"dedup\.review='.*gone\.csv' cannot be read"):
        read_review(str(tmp_path / "gone.csv"))


def test_what_is_no_clip_of_the_dataset_is_told_with_its_line(tmp_path):
    clips = cut(["a", "b"]).clips
    place = write(tmp_path, "a,keep,", "x,drop,", "y,,", "z,keep,")

    with pytest.raises(ConfigError) as caught:
        review_of(place, clips)

    assert caught.value.problems == (
        f"dedup.review={place!r} line 3: 'x' is no clip of this dataset; remove the line",
        f"dedup.review={place!r} line 5: 'z' is no clip of this dataset; remove the line",
    )


def test_a_clip_whose_file_was_removed_cannot_be_kept(tmp_path):
    clips = table(CLIPS, [{"clip_id": "a", "uri": None, "kept": False, "reason": "too_dark"}])

    with pytest.raises(ConfigError, match=r"line 2: 'a' cannot be kept: it was dropped as too_dark and keep_filtered"):
        review_of(write(tmp_path, "a,keep,"), clips)
    assert review_of(write(tmp_path, "a,drop,"), clips) is not None


def test_nobody_has_to_review():
    assert review_of(None, cut(["a"]).clips) is None
