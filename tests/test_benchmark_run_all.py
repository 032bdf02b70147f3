from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table

from benchmarks.corpora import Corpora
from benchmarks.findings import Findings
from benchmarks.page import write_page
from benchmarks.run_all import done, filled, run
from benchmarks.suite import SUITE, Benchmark, Claim

ROOT = Path(__file__).parents[1]
ITEMS = ("--items", "1000")


def corpora(folder: Path) -> Corpora:
    return Corpora(given=folder, made=folder / "made", videos=1, seconds=12.0)


def test_findings_are_in_the_file_as_soon_as_they_are_shown(tmp_path, capsys):
    findings = Findings(tmp_path / "found.json")
    table = Table("name", "CPU-s", title="two rivals")
    table.add_row("ours", "1.5")
    findings.table(table)
    findings.line("and a line")
    findings.figure("theirs of ours", 2)

    found = json.loads((tmp_path / "found.json").read_text())

    assert found["tables"] == [{"title": "two rivals", "columns": ["name", "CPU-s"], "rows": [["ours", "1.5"]]}]
    assert found["lines"] == ["and a line"]
    assert found["figures"] == {"theirs of ours": 2.0}
    assert "ours" in capsys.readouterr().out


@pytest.mark.parametrize(("target", "value", "met"), [(">= 4", 4.0, True), ("<= 1.05", 1.06, False), ("", 9.0, None)])
def test_a_claim_is_met_missed_or_open(target, value, met):
    assert Claim("figure", "says", "peer", target).met(value) is met


def test_every_program_of_the_folder_is_run_but_those_that_only_make_things():
    programs = {path.stem for path in (ROOT / "benchmarks").glob("*.py") if "add_json(parser)" in path.read_text()}

    assert programs == {benchmark.name for benchmark in SUITE}


def test_a_corpus_that_is_not_there_leaves_its_benchmarks_out(tmp_path):
    assert filled(("{dups}", "--quick"), corpora(tmp_path)) is None


def test_labelled_folders_are_taken_as_they_are(tmp_path):
    for name in ("dups", "edits"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ground_truth.json").write_text("[]")

    assert filled(("{dups}", "{reels}"), corpora(tmp_path)) == [str(tmp_path / "dups"), str(tmp_path / "edits")]


@pytest.mark.slow
def test_what_fails_or_is_killed_takes_no_finished_figures_away(tmp_path):
    benchmark, file = Benchmark("telemetry", ITEMS, ITEMS, 60), tmp_path / "telemetry.json"

    assert run(benchmark, list(ITEMS), file, 60) == "done"
    assert done(file, list(ITEMS))
    kept = file.read_bytes()
    assert run(benchmark, ["--no-such-option"], file, 60) == "failed"
    assert run(benchmark, ["--items", "1000000000"], file, 1) == "killed"
    assert file.read_bytes() == kept
    assert not done(file, ["--items", "1"])

    write_page(tmp_path, tmp_path / "performance.md")
    page = (tmp_path / "performance.md").read_text()
    assert "| processor |" in page
    assert "| journal and metrics, of the CPU of an item | an item of 50 ms |" in page
    assert "`python -m benchmarks.telemetry --items 1000`" in page


@pytest.mark.slow
def test_a_second_call_does_nothing_that_is_done(tmp_path):
    command = [sys.executable, "benchmarks/run_all.py", "--quick", "--only", "handover", "--out", str(tmp_path)]
    command += ["--page", str(tmp_path / "performance.md")]

    first, second = (subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True) for _ in range(2))

    assert "done after" in first.stdout
    assert "handover: done before" in second.stdout
    assert "us of CPU per clip" in (tmp_path / "performance.md").read_text()
