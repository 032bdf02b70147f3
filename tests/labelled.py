"""A folder of labelled clips, as benchmarks read it: a clip, the same encoded anew, and another moment of its scene."""

from __future__ import annotations

import json
from pathlib import Path

from tests.media import write_video
from tests.video.making import cut_at
from vidcurate.transcoder.h264 import H264


def write_labelled(folder: Path) -> None:
    """Three clips and their `ground_truth.json`."""
    original = write_video(folder / "original.mp4", (30,), seed=1)
    again = Path(cut_at(original, starts=(0,), transcoder=H264(crf=35))[0].path).rename(folder / "again.mp4")
    write_video(folder / "other.mp4", (30,), seed=2)
    names = {original.name: ("a_0", "original"), again.name: ("a_0", "encoded"), "other.mp4": ("a_1", "hard_negative")}
    files = [{"file": name, "group": group, "scene": "a", "relation": kind} for name, (group, kind) in names.items()]
    (folder / "ground_truth.json").write_text(json.dumps({"files": files}))
