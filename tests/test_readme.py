"""Every command and every snippet of the README is run, in order, in one folder."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.forked import python, vidcurate
from tests.media import write_videos

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(bash|python)\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)
COMMANDS = [line for kind, block in BLOCKS if kind == "bash" for line in block.splitlines()]
EPSILONS = ["eps", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2"]
TUNE = "vidcurate +experiment=tune_shots source.path=videos out=tuned"
CHEAPER = {TUNE: f"{TUNE} tune_shots.reels=2 tune_shots.shots=4"}
"""Commands that are run on less than a reader would take."""
SNIPPETS = [block for kind, block in BLOCKS if kind == "python"]


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a line as the README's reader would, with this interpreter's `vidcurate` in place of the venv's."""
    words = shlex.split(line)
    if words[0] == "vidcurate" or words[:3] == ["python", "-m", "vidcurate"]:
        return vidcurate(*words[words.index("vidcurate") + 1 :], cwd=cwd)
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        line, cwd=cwd, env=environment, shell=True, capture_output=True, text=True, check=False, timeout=400
    )


def mark_pairs(folder: Path) -> None:
    """Labels as the page would save them, had somebody called all pairs the same."""
    pairs = pq.read_table(folder / "dataset" / "semantic" / "pairs").to_pylist()
    lines = [f"{pair['id']},{pair['other_id']},{pair['similarity']},same," for pair in pairs]
    (folder / "labels.csv").write_text("\n".join(["id,other_id,similarity,label,time", *lines]), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where the README's commands run; `videos` holds two short videos of two shots each."""
    root = tmp_path_factory.mktemp("reader")
    write_videos(root / "videos", "a.mp4", "b.mkv")
    return root


def test_the_install_commands_are_the_two_that_ci_runs():
    install = [line for line in COMMANDS if "pip install" in line]

    assert len(install) == 2
    assert install[0].endswith("&& .venv/bin/python -m vidcurate +experiment=quickstart")
    assert install[1].endswith("&& .venv/bin/python -m pytest -q -n auto")


@pytest.mark.slow
def test_every_command_and_snippet_of_the_readme_runs(folder):
    quickstart = shell("python -m vidcurate +experiment=quickstart source.limit=2", folder)
    assert quickstart.returncode == 0, quickstart.stderr

    for line in COMMANDS:
        if "pip install" in line or ("slurm" in line and "SLURM_CONF" not in os.environ):
            continue
        if "advise.labels=labels.csv" in line:
            mark_pairs(folder)
        ended = shell(CHEAPER.get(line, line), folder)
        assert ended.returncode == 0, f"{line}\n{ended.stderr}"
        assert "Traceback" not in ended.stderr, f"{line}\n{ended.stderr}"
        if "dedup.sweep=" in line:
            table = (folder / "dataset" / "semantic" / "epsilon_table.csv").read_text()
            assert [row.split(",")[0] for row in table.splitlines()] == EPSILONS

    for snippet in SNIPPETS:
        shorter = snippet.replace("Sample()", "Sample(limit=2)")  # the quickstart above is the same run
        ended = python(shorter, folder)
        assert ended.returncode == 0, f"{snippet}\n{ended.stderr}"
        assert ended.stdout


def test_the_python_api_is_shown_in_at_most_ten_lines():
    api = next(snippet for snippet in SNIPPETS if "curate(" in snippet)

    assert len([line for line in api.splitlines() if line.strip()]) <= 10


def test_the_readme_has_a_row_for_every_group_and_names_every_option():
    for group in sorted((ROOT / "conf").iterdir()):
        options = [file.stem for file in group.glob("*.yaml")] if group.is_dir() else []
        if not options or group.name == "experiment":
            continue
        row = next((line for line in TEXT.splitlines() if line.startswith(f"| `{group.name}` |")), None)
        assert row is not None, f"no row for {group.name}"
        assert all(f"`{option}`" in row for option in options), row


def test_relative_links_of_the_readme_lead_somewhere():
    links = re.findall(r"\]\((?!https?://|#)([^)]+)\)", TEXT)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
