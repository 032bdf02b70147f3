"""A third party's package brings a component: a class, a YAML, an entry point; nothing in vidcurate changes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FILES = {
    "acme/__init__.py": "",
    "acme/halves.py": '''
"""Cuts every video in two."""

from vidcurate.records import Shot
from vidcurate.registry import Count, register
from vidcurate.splitter.base import Detect, Splitter


@register
class Halves(Splitter):
    """Cuts every video into equal parts."""

    parts: Count = 2

    def load(self, device: str) -> Detect:
        def detect(thumbnails):
            n = sum(1 for _ in thumbnails)
            borders = [n * part // self.parts for part in range(self.parts + 1)]
            return tuple(Shot(a, b) for a, b in zip(borders, borders[1:]) if b > a)

        return detect
''',
    "acme/conf/__init__.py": "",
    "acme/conf/splitter/halves.yaml": "# Cuts every video in two.\n_target_: acme.halves.Halves\nparts: 2\n",
    "acme-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n",
    "acme-1.0.dist-info/entry_points.txt": "[vidcurate.conf]\nacme = acme.conf\n",
}


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "site"


def vidcurate(acme: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(acme)}
    command = [sys.executable, "-m", "vidcurate", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.slow
def test_a_component_of_another_package_is_listed_checked_and_run(acme, make_video, tmp_path):
    make_video("videos/a.mp4", shots=(50, 50))
    common = (
        "+experiment=split",
        "source.path=videos",
        "out=o",
        "splitter=halves",
        "embedder=histogram",
        "runtime=local",
    )

    listed = vidcurate(acme, tmp_path, "--help")
    refused = vidcurate(acme, tmp_path, *common, "splitter.prats=3")
    ended = vidcurate(acme, tmp_path, *common, "splitter.min_length=0", "splitter.parts=4")

    assert "halves               Cuts every video in two" in listed.stdout
    assert refused.returncode == 2
    assert "did you mean 'parts'?" in refused.stderr
    assert ended.returncode == 0, ended.stderr
    assert len(list((tmp_path / "o" / "clips").glob("*.mp4"))) == 4


def test_the_same_class_without_the_entry_point_is_refused(acme, tmp_path):
    (acme / "acme-1.0.dist-info" / "entry_points.txt").unlink()

    ended = vidcurate(acme, tmp_path, "+experiment=quickstart", "out=o", "splitter._target_=acme.halves.Halves")

    assert ended.returncode == 2
    assert "'acme.halves.Halves' is not a registered splitter" in ended.stderr
