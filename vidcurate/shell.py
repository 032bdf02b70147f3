"""The command that a run was started by, and others like it, as a shell takes them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from vidcurate.store.mask import masked

CARRIED = ("out", "storage", "local", "cluster", "neighbours", "dedup", "sharder")
"""Keys that also count for the steps that come after; all that split was told is in what it has stored."""


@dataclass(frozen=True, slots=True)
class Command:
    """Words of a shell.

    Attributes:
        program: what is called: `vidcurate`, or `python -m vidcurate`.
        arguments: as they were given.
    """

    program: tuple[str, ...]
    arguments: tuple[str, ...]

    @classmethod
    def of(cls, argv: Sequence[str]) -> Command:
        """The command of this process.

        Args:
            argv: what `sys.argv` was.

        >>> Command.of(["/site-packages/vidcurate/__main__.py", "+experiment=quickstart"]).again()
        'python -m vidcurate +experiment=quickstart'
        """
        path = PurePath(argv[0])
        program = ("python", "-m", path.parent.name) if path.name == "__main__.py" else (path.name,)
        return cls(program, tuple(argv[1:]))

    def again(self, *more: str) -> str:
        """The same once more, credentials hidden.

        >>> Command(("vidcurate",), ("source.path=my videos", "filter=[]")).again("retry=failed")
        "vidcurate 'source.path=my videos' 'filter=[]' retry=failed"
        """
        given = [argument for argument in self.arguments if argument not in more]
        return _joined([*self.program, *given, *more])

    def planned(self, steps: Sequence[str]) -> str:
        """The command that does what this one, with `+experiment=plan`, looks ahead to.

        Args:
            steps: that are planned; all that `+experiment=curate` does need not be named.

        >>> given = ("+experiment=plan", "source.path=my videos", "plan.minutes=5", "out=o")
        >>> Command(("vidcurate",), given).planned(["split"])
        "vidcurate +experiment=curate 'source.path=my videos' out=o 'steps=[split]'"
        """
        given = [argument for argument in self.arguments if _key(argument).split(".")[0] != "plan"]
        words = [re.sub(r"\bplan\b", "curate", word) if _key(word) == "experiment" else word for word in given]
        whole = list(steps) == ["split", "dedup", "shard"]
        return _joined([*self.program, *words, *([] if whole else [f"steps=[{','.join(steps)}]"])])

    def then(self, experiment: str, *more: str) -> str:
        """Another experiment on the same dataset; what was given and counts for it, too, is given to it.

        Args:
            experiment: name of it.
            more: what it is given unless that was given here.

        >>> split = Command(("vidcurate",), ("+experiment=split", "source.path=videos", "out=o", "dedup.eps=0.1"))
        >>> split.then("dedup", "out=elsewhere")
        'vidcurate +experiment=dedup out=o dedup.eps=0.1'
        """
        given = [argument for argument in self.arguments if _key(argument).split(".")[0] in CARRIED]
        known = {_key(argument) for argument in given}
        added = [argument for argument in more if _key(argument) not in known]
        return _joined([*self.program, f"+experiment={experiment}", *given, *added])


def _joined(words: Sequence[str]) -> str:
    return shlex.join(map(masked, words))


def _key(argument: str) -> str:
    return argument.partition("=")[0].lstrip("+~")
