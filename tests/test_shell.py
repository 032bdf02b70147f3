from __future__ import annotations

from vidcurate.shell import Command

ARGUMENTS = ["+experiment=curate", "source.path=my videos", "~filter", "dedup.eps=0.1", "storage.scratch=/x"]
GIVEN = Command.of(["/venv/bin/vidcurate", *ARGUMENTS])


def test_the_same_command_is_quoted_for_a_shell():
    assert GIVEN.again("retry=failed") == (
        "vidcurate +experiment=curate 'source.path=my videos' '~filter' dedup.eps=0.1 storage.scratch=/x retry=failed"
    )


def test_what_was_said_already_is_not_said_twice():
    assert Command(("vidcurate",), ("retry=failed", "out=o")).again("retry=failed") == "vidcurate out=o retry=failed"


def test_the_next_step_is_given_what_counts_for_it_too():
    assert GIVEN.then("shard", "out=o", "dedup.eps=0.05") == (
        "vidcurate +experiment=shard dedup.eps=0.1 storage.scratch=/x out=o"
    )


def test_a_command_shows_no_credentials():
    command = Command.of(["/site/vidcurate/__main__.py", "source.path=http://ann:hunter2@host/list.csv"])

    assert command.again() == "python -m vidcurate 'source.path=http://***@host/list.csv'"
