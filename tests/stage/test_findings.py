from __future__ import annotations

import io
import re

from rich.console import Console

from vidcurate.stage.findings import lines, note, ok, print_found, trouble

FOUND = {
    "codecs": [ok("av", "18"), note("encoder x", "does not open", "y")],
    "places": [trouble("out", "s3://ann:hunter2@b?token=hunter3 cannot be written", "check [it]")],
}


def test_lines_say_level_name_and_what_to_do_and_hide_credentials():
    told = list(lines(FOUND))

    assert told[1:] == [
        "note    codecs/encoder x: does not open -> y",
        "trouble places/out: s3://***@b?token=*** cannot be written -> check [it]",
    ]


def test_a_terminal_gets_a_table_and_colours():
    screen = io.StringIO()

    print_found(FOUND, Console(file=screen, force_terminal=True, color_system="standard", width=60))

    assert "\x1b[1;31mtrouble" in screen.getvalue()
    plain = re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue())
    assert "→ check [it]" in plain
    assert "1 ok, 1 to note, 1 in trouble" in plain
    assert max(map(len, plain.splitlines())) <= 60
    assert "hunter" not in plain
