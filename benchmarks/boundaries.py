"""Does every clip begin and end within its own shot? Cuts labelled reels and looks at the finished clips.

    python benchmarks/boundaries.py [FOLDER] [--splitter transnetv2]

FOLDER holds reels and ground_truth.json as benchmarks/shots.py reads them. Two checks, both by re-decoding what was
written: the first and the last frame of every clip are the frames of the source that its span names (the nearest of
the source's frames around them, by mean absolute difference), and no true hard cut lies inside a clip within two
frames of its ends.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.findings import Findings, add_json
from vidcurate.records import Clip
from vidcurate.registry import registered
from vidcurate.stage.cut import Cutting
from vidcurate.transcoder.h264 import H264
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe
from vidcurate.video.sample import Resize

NEAR = 2  # frames
SIZE = (160, 90)


def pictures(path: str) -> NDArray[np.float32]:
    """All frames of a file, small and grey: float32 [n, 90, 160]."""
    info = probe(path)
    resize = Resize(info, *SIZE)
    return np.stack([resize(frame).mean(axis=2, dtype=np.float32) for _, frame in Decoding(path, info)])


def nearest(picture: NDArray[np.float32], source: NDArray[np.float32], expected: int) -> int:
    """Index of the source's frame most like a picture, among those within `NEAR` of the expected one."""
    first, last = max(0, expected - NEAR), min(len(source), expected + NEAR + 1)
    return first + int(np.abs(source[first:last] - picture).mean(axis=(1, 2)).argmin())


def check(path: Path, cuts: list[int], splitter: str, folder: Path) -> tuple[int, int, int]:
    """Clips, clips whose first or last frame is another than its span says, and clips with a neighbour's frame."""
    info = probe(str(path))
    source, ticks = pictures(str(path)), np.array([at for at, _ in Decoding(str(path), info)])
    wrong = foreign = clips = 0
    transcoder = H264(preset="ultrafast")
    for cut in Cutting("reel", str(path), info, registered_splitter(splitter), transcoder, (), folder, "cpu"):
        clips += 1
        first, last = indices(cut.clip, ticks)
        written = pictures(cut.path)
        still = np.abs(source[first] - source[min(first + 1, last)]).mean() < 1  # equal frames cannot be told apart
        wrong += not still and (
            nearest(written[0], source, first) != first or nearest(written[-1], source, last) != last
        )
        foreign += any(first < cut_at <= first + NEAR or last - NEAR < cut_at <= last for cut_at in cuts)
    return clips, wrong, foreign


def registered_splitter(name: str):
    """The splitter with its defaults, but for clips of any length."""
    return registered("splitter")[name](min_length=0.2, max_length=None)


def indices(clip: Clip, ticks: NDArray[np.int64]) -> tuple[int, int]:
    """Index of a clip's first and last frame in its video."""
    return int(np.searchsorted(ticks, clip.span.start)), int(np.searchsorted(ticks, clip.span.end)) - 1


def main() -> None:
    """Print one line per reel."""
    corpus = Path(os.environ.get("VIDCURATE_CORPUS", Path(__file__).parents[2] / "shared" / "data"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=corpus / "edits")
    parser.add_argument("--splitter", default="transnetv2")
    add_json(parser)
    arguments = parser.parse_args()
    findings, foreign = Findings(arguments.json), 0
    for reel in json.loads((arguments.folder / "ground_truth.json").read_text()):
        cuts = [cut["frame_end"] for cut in reel["cuts"] if cut["kind"] == "cut"]
        with tempfile.TemporaryDirectory() as folder:
            clips, wrong, neighbours = check(arguments.folder / reel["file"], cuts, arguments.splitter, Path(folder))
        line = (
            f"{reel['file']}: {clips} clips, {wrong} with another first or last frame, {neighbours} with a neighbour's"
        )
        findings.line(line)
        foreign += neighbours
    findings.figure("clips with a neighbour's frame", foreign)


if __name__ == "__main__":
    main()
