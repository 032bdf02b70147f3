from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.media import write_video
from tests.video.making import cut_at
from vidcurate.transcoder.h264 import H264

ROOT = Path(__file__).parents[1]


def test_the_program_counts_what_the_advised_epsilon_merges(tmp_path):
    original = write_video(tmp_path / "original.mp4", (30,), seed=1)
    again = Path(cut_at(original, starts=(0,), transcoder=H264(crf=35))[0].path).rename(tmp_path / "again.mp4")
    write_video(tmp_path / "other.mp4", (30,), seed=2)
    names = {original.name: ("a_0", "original"), again.name: ("a_0", "encoded"), "other.mp4": ("a_1", "hard_negative")}
    files = [{"file": name, "group": group, "scene": "a", "relation": kind} for name, (group, kind) in names.items()]
    (tmp_path / "ground_truth.json").write_text(json.dumps({"files": files}))
    command = [sys.executable, "benchmarks/advised.py", str(tmp_path), "--epsilons", "0.0001", "0.3"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in ended.stdout.splitlines() if "│" in line]
    assert [row[:2] for row in rows] == [
        ["encoded", "1"],
        ["hard negatives", "2"],
        ["of other scenes", "0"],
        ["clips kept", "3"],
    ]
    assert rows[0][-1] == "1"
    assert "marks advise" in ended.stdout
