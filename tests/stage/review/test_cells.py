from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidcurate.errors import ConfigError
from vidcurate.stage.review.cells import guarded, plain, read_sheet, sheet

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n\x1c\x1d\x1e"), max_size=12)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''@x", "＝1"])  # noqa: RUF001
def test_what_a_spreadsheet_would_run_is_shown_and_reads_back(text):
    assert guarded(text) == f"'{text}"
    assert plain(guarded(text)) == text


@pytest.mark.parametrize("text", ["", "a=b", "'quoted'", "it's", " =1", "1.5"])
def test_other_texts_stay_as_they_are(text):
    assert guarded(text) == plain(text) == text


def test_numbers_are_no_text_and_are_not_guarded():
    assert sheet(["value"], [[-1.5], [None], ["-x"]]) == '\ufeffvalue\n-1.5\n""\n\'-x\n'.encode()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), max_size=4))
def test_every_text_reads_back_unchanged_and_none_begins_like_a_formula(rows):
    data = sheet(["one", "other"], rows)

    read = [tuple(row.values()) for _, row in read_sheet(data, "here")]
    cells = [cell for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")) for cell in row]
    assert read == [row for row in rows if any(row)]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in cells)


def test_rows_know_their_lines_whatever_is_within_quotes():
    text = 'clip_id,note\na,"two\nlines"\n\nb,x\n'

    assert [(line, row["clip_id"]) for line, row in read_sheet(text.encode(), "here")] == [(2, "a"), (5, "b")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_whatever_a_spreadsheet_saves_is_read(encoding, delimiter):
    text = f"Clip_ID{delimiter} Decision\r\nä{delimiter}keep\r\n"

    assert list(read_sheet(text.encode(encoding), "here")) == [(2, {"clip_id": "ä", "decision": "keep"})]


def test_what_is_no_csv_is_said_with_its_place():
    with pytest.raises(ConfigError, match="here: not UTF-8"):
        list(read_sheet(b"clip_id\n\xff\xfa\n", "here"))
    with pytest.raises(ConfigError, match="here line 2: no CSV"):
        list(read_sheet(b'clip_id\n"open', "here"))
