"""Every command and every snippet of docs/*.md is composed, and run unless a mark says why not; see tests/pages.py."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.forked import python, vidcurate
from tests.media import write_video, write_videos
from tests.pages import DOCS, PAGES, ROOT, Block, arguments, blocks, problems
from vidcurate import table
from vidcurate.table import vectors_table

BLOCKS = blocks()
RUN = sorted({block.page for block in BLOCKS if not block.mark})


FOREIGN = {
    "earlier/part.parquet": ("id", "embedding"),
    "evaluation.parquet": ("id", "embedding"),
    "OUT/iv2_embd_parquet/a.parquet": ("id", "embedding"),
    "vectors/a.parquet": ("name", "embedding"),
}
"""Vectors of others that pages speak of, and what their columns are called."""


def test_every_block_is_run_or_says_why_not():
    unmarked = [block for block in BLOCKS if not block.mark]

    others = [f"{block.page}:{block.line}: {set(block.commands) - set(block.ours)}" for block in unmarked]
    assert [line for line in others if not line.endswith("set()")] == []


def test_what_is_run_elsewhere_is_run_there():
    named = [(block.page, ROOT / block.why) for block in BLOCKS if block.mark == "elsewhere"]

    assert named
    assert [file for page, file in named if f"docs/{page}" not in file.read_text(encoding="utf-8")] == []


def test_no_command_hides_in_an_indented_block():
    found = [f"{page}: {line}" for page, text in PAGES.items() for line in text.splitlines() if "vidcurate +" in line]

    assert [line for line in found if re.search(r": {4,}\S*vidcurate \+", line)] == []


def test_reasons_that_name_a_test_name_one_that_is_there():
    named = {file for block in BLOCKS for file in re.findall(r"tests/\S+\.py", block.why)}

    assert [file for file in sorted(named) if not (ROOT / file).exists()] == []


def test_every_command_that_is_not_run_composes_and_is_sound():
    commands = sorted({command for block in BLOCKS if block.mark for command in block.ours})
    commands = [command for command in commands if "--config-dir" not in command]  # whose options are their reader's

    assert commands
    assert {command: said for command in commands if (said := problems(arguments(command)))} == {}


def test_every_snippet_is_python():
    for block in BLOCKS:
        if block.kind == "python":
            compile(block.text, f"{block.page}:{block.line}", "exec")


def test_links_lead_somewhere():
    generated = {f"components/{name}.md" for name in ("index", *_kinds())}
    dead = []
    for page, text in PAGES.items():
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)[^)]*\)", text):
            if target not in generated and not (DOCS / target).exists():
                dead.append(f"{page}: {target}")

    assert dead == []


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """`videos`; `dataset` and `mydata`, what curate has made of them; vectors of others."""
    root = tmp_path_factory.mktemp("reader")
    write_videos(root / "videos", "talk.mp4", "b.mkv")
    made = vidcurate("+experiment=curate", "source.path=videos", "out=dataset", "splitter=transnetv2", cwd=root)
    assert made.returncode == 0, made.stderr
    vectors = np.random.default_rng(0).standard_normal((4, 768)).astype(np.float32)
    foreign = vectors_table(list("abcd"), vectors)
    for place, names in FOREIGN.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(
            foreign.rename_columns(list(names)).append_column("camera", pa.array(list("xxyy"))), root / place
        )
    shutil.copytree(root / "dataset", root / "mydata")
    return root


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN)
def test_commands_and_snippets_run_as_they_stand(page, prepared, tmp_path):
    folder = shutil.copytree(prepared, tmp_path / "reader")
    if page == "recipes.md":  # whose bounds leave nothing of small videos
        shutil.rmtree(folder / "videos")
        (folder / "videos").mkdir()
        write_video(folder / "videos" / "large.mp4", (60, 60), size=(1280, 720), fps=Fraction(15))

    for block in (block for block in BLOCKS if block.page == page and not block.mark):
        for where, ended in _run(block, folder):
            assert ended.returncode == 0, f"{where}\n{ended.stderr}"
            assert "Traceback" not in ended.stderr, f"{where}\n{ended.stderr}"


@pytest.mark.slow
def test_every_file_of_a_dataset_is_on_the_page_of_formats_with_its_keys(prepared):
    places = re.findall(r"^### (.*)\n((?:(?!^##).*\n)*)", PAGES["formats.md"], re.MULTILINE)
    sections = {re.sub(r"\{\w+\}", "*", place): said for line, said in places for place in re.findall(r"`(.+?)`", line)}
    strange = []
    for file in sorted(path for path in (prepared / "dataset").rglob("*") if path.is_file()):
        name = file.relative_to(prepared / "dataset").as_posix()
        said = [text for place, text in sections.items() if fnmatch(name, place.replace("**/", "*"))]
        if not said and not name.endswith("/_commit.json"):
            strange.append(name)
        elif said and name.endswith(".json") and "| key |" in said[0]:
            known = set(re.findall(r"[\w{}]+", " ".join(re.findall(r"`(.+?)`", said[0]))))
            keys = {key for key in json.loads(file.read_text(encoding="utf-8")) if not key.endswith("_score")}
            strange += [f"{name}: {key}" for key in sorted(keys - known)]

    assert strange == []


def test_every_schema_is_on_the_page_of_formats():
    schemas = {name for name, value in vars(table).items() if isinstance(value, pa.Schema)}

    assert set(re.findall(r"^<!-- columns: (\w+) -->$", PAGES["formats.md"], re.MULTILINE)) == schemas


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path):
    pytest.importorskip("material", reason="needs vidcurate[docs]")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert "filter.motion_vectors.min_patch" in (tmp_path / "components" / "filter.html").read_text(encoding="utf-8")
    assert "VIDEOS" not in (tmp_path / "formats.html").read_text(encoding="utf-8").partition("tables/videos")[0]


def _run(block: Block, folder: Path):
    where = f"{block.page}:{block.line}"
    if block.kind == "python":
        yield f"{where}\n{block.text}", python(block.text, folder)
    for command in block.commands:
        words = shlex.split(command)
        yield f"{where}: {command}", vidcurate(*words[words.index("vidcurate") + 1 :], cwd=folder)


def _kinds() -> tuple[str, ...]:
    from vidcurate.registry import KINDS

    return KINDS
