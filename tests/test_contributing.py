"""The worked example of CONTRIBUTING.md is executed: three files, and the project has a new embedder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    if not (ROOT / "CONTRIBUTING.md").exists():
        pytest.skip("needs a checkout")
    for folder in ("vidcurate", "conf", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    python = [sys.executable, "-m", *command]
    return subprocess.run(
        python, cwd=checkout, env=environment, capture_output=True, text=True, check=False, timeout=200
    )


def test_the_worked_example_adds_an_embedder(checkout):
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    files = re.findall(r"^`(\S+)`\n\n```\w+\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    assert [name for name, _ in files] == [
        "vidcurate/embedder/thumbnail.py",
        "conf/embedder/thumbnail.yaml",
        "tests/embedder/test_thumbnail.py",
    ]
    for name, content in files:
        (checkout / name).write_text(content, encoding="utf-8")

    tested = run(
        checkout,
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/embedder/test_thumbnail.py",
        "tests/contract/test_embedder.py",
    )
    ended = run(
        checkout, "vidcurate", "+experiment=quickstart", "embedder=thumbnail", "splitter=adaptive", "captioner=none",
        "source.limit=2", "runtime=local",
    )  # fmt: skip

    assert tested.returncode == 0, tested.stdout
    assert "thumbnail" in run(checkout, "vidcurate", "--help").stdout
    assert ended.returncode == 0, ended.stderr
    assert list((checkout / "outputs/quickstart/thumbnail_embd_parquet").glob("*.parquet"))
