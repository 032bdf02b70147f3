from __future__ import annotations

from tests.forked import python


def test_the_environment_is_that_of_the_test_not_of_the_first_that_forked(tmp_path, monkeypatch):
    assert python("print(1)", tmp_path).stdout == "1\n"
    monkeypatch.setenv("SET_LATER", "7")

    assert python("import os; print(os.environ['SET_LATER'])", tmp_path).stdout == "7\n"
