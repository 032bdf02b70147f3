from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forked import vidcurate
from tests.s3 import s3_server
from vidcurate.stage.doctor.examine import CHECKS, guarded
from vidcurate.stage.findings import note, ok

ROOT = Path(__file__).parents[3]


def test_a_check_that_breaks_off_keeps_what_it_has_found():
    def broken(_):
        yield ok("a", "fine")
        raise RuntimeError("libfoo.so\nnot found")

    assert guarded(broken, None) == [ok("a", "fine"), note("this check", "broke off: RuntimeError: libfoo.so")]


def test_a_library_that_ends_the_program_is_a_finding():
    def leaves(_):
        yield sys.exit(3)

    assert guarded(leaves, None) == [note("this check", "broke off: SystemExit: 3")]


def test_a_sound_configuration_ends_with_0_and_is_kept(tmp_path):
    arguments = ("splitter=fixed", "embedder=histogram", "runtime=local", "out=o", "source=sample")
    ended = vidcurate("+experiment=doctor", *arguments, cwd=tmp_path)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    kept = json.loads((tmp_path / "o" / "doctor.json").read_text())
    assert kept["can_run"] is True
    assert {entry["group"] for entry in kept["findings"]} == set(CHECKS)
    assert "ok      components/splitter=fixed: can run" in ended.stdout
    assert sorted(file.name for file in (tmp_path / "o").iterdir()) == ["doctor.json"]


@pytest.mark.slow
def test_no_broken_library_stops_the_doctor(tmp_path):
    broken = tmp_path / "broken"
    for module, code in {
        "torch": "raise OSError('libcudart.so.13: cannot open shared object file')",
        "faiss": "import os; os.write(2, b'Illegal instruction\\n'); os.abort()",
        "av": "raise ImportError('DLL load failed')",
        "torchcodec": "raise RuntimeError('Could not load libtorchcodec')",
    }.items():
        (broken / module).mkdir(parents=True)
        (broken / module / "__init__.py").write_text(code)
    command = [sys.executable, "-m", "vidcurate", "+experiment=doctor", "out=o", "runtime=local"]

    ended = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{broken}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "trouble torch/torch: cannot be imported: OSError: libcudart.so.13" in ended.stdout
    assert "trouble codecs/av: cannot be imported: ImportError: DLL load failed" in ended.stdout
    assert "trouble processor/this check: the process that looked was killed by SIGABRT: Illegal inst" in ended.stdout
    assert "torch/torch" in ended.stderr
    assert json.loads((tmp_path / "o" / "doctor.json").read_text())["can_run"] is False


@pytest.mark.slow
def test_what_is_missing_is_told_by_the_command_that_brings_it(tmp_path):
    arguments = ("embedder=clip", "embedder.model=nowhere/", "doctor.steps=[split]", "out=o", "splitter=fixed")
    ended = vidcurate("+experiment=doctor", "runtime=local", *arguments, cwd=tmp_path)

    assert ended.returncode == 2
    trouble = next(line for line in ended.stdout.splitlines() if line.startswith("trouble components/embedder=clip"))
    assert "-> hf download " in trouble or "-> pip install 'vidcurate[vlm]'" in trouble
    assert "components/embedder=clip" in ended.stderr


@pytest.mark.slow
def test_credentials_of_a_bucket_are_tried_and_nothing_is_left(tmp_path):
    s3fs = pytest.importorskip("s3fs")
    with s3_server(tmp_path) as url:
        store = ("out=s3://bucket/data", f"storage.options.s3.endpoint_url={url}", "source.path=s3://bucket")
        light = ("splitter=fixed", "embedder=histogram", "runtime=local")
        good = vidcurate("+experiment=doctor", *store, *light, cwd=tmp_path)
        bad = vidcurate("+experiment=doctor", *store, *light, "out=s3://nowhere/data", cwd=tmp_path)
        left = s3fs.S3FileSystem(endpoint_url=url).find("bucket")

    assert good.returncode == 0, good.stdout
    assert "places/out: s3://bucket/data: can be written" in good.stdout
    assert "places/source.path: s3://bucket: can be listed" in good.stdout
    assert left == ["bucket/data/doctor.json"]
    assert bad.returncode == 2
    assert "trouble places/out: out=s3://nowhere/data" in bad.stdout


def test_every_group_of_lines_is_explained():
    explained = re.findall(r"^## `(.+)/`$", (ROOT / "docs" / "doctor.md").read_text(), re.MULTILINE)

    assert explained == list(CHECKS)
