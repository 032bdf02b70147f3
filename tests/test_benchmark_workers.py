from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.workers import Cost, compared, sizes, steady
from tests.media import write_video

pytest.importorskip("distributed", reason="needs vidcurate[dask]")


def test_speed_up_and_overhead_are_ratios_of_medians():
    runs = {"local": [100.0], "one": [104.0, 90.0, 200.0], "two": [52.0], "limit": [50.0]}
    costs = {name: [Cost(cpu, cpu, cpu, 0.0, {"video": cpu}) for cpu in values] for name, values in runs.items()}

    said = compared(costs)

    assert "two workers against one: 2.00 times as fast at the work, 2.00 with start and end" in said
    assert "two commands against one: 2.00 times as fast at the work" in said
    assert "dask with one worker against local: +4.0% CPU-seconds" in said


def test_a_slow_moment_in_each_turn_spoils_no_sum():
    turns = [{"a": 9.0, "b": 1.0, "c": 1.0}, {"a": 1.0, "b": 9.0, "c": 1.0}, {"a": 1.0, "b": 1.0, "c": 9.0}]

    assert steady([Cost(1.0, 1.0, sum(turn.values()) + 2.0, 0.0, turn) for turn in turns]) == 5.0


@pytest.mark.slow
def test_memory_is_told_ten_times():
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs /proc")

    told = list(sizes(1000, workers=1))

    assert [done for done, _ in told] == list(range(100, 1001, 100))
    assert all(size > 10 for _, size in told)


@pytest.mark.slow
def test_a_corpus_is_split_by_each(tmp_path):
    (tmp_path / "videos").mkdir()
    for seed in range(2):
        write_video(tmp_path / "videos" / f"{seed}.mp4", (60, 60), seed=seed)

    command = [sys.executable, "benchmarks/workers.py", str(tmp_path / "videos"), "--repeat", "1"]
    ended = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)

    assert "dask, 2 workers" in ended.stdout
    assert "dask with one worker against local:" in ended.stdout
