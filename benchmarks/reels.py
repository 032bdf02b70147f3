"""Builds labelled reels out of any folder of uncut videos, for benchmarks/shots.py: every transition that ffmpeg draws.

    python benchmarks/reels.py VIDEO ... --out FOLDER [--reels 2] [--shots 40] [--seed 0]

Every video must show one shot. Cuts, jump cuts (the same video goes on elsewhere), dissolves, fades and wipes of many
shapes lie between shots of 1 to 3.5 s; some shots flash or are panned fast, which is no transition. A label names the
first and the last mixed frame, of a cut the last frame of one shot and the first of the next.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
from pathlib import Path

FPS, WIDTH, HEIGHT = 25, 512, 288
FRAME = WIDTH * HEIGHT * 3 // 2
RAW = ("-f", "rawvideo", "-pix_fmt", "yuv420p")

KINDS = {
    "dissolve": ("fade", "dissolve", "fadegrays"),
    "fade": ("fadeblack", "fadewhite"),
    "wipe": ("wipeleft", "wiperight", "wipeup", "wipedown", "wipetl", "smoothleft", "smoothup", "diagtr"),
    "shape": ("circleopen", "rectcrop", "radial", "vertopen", "horzclose", "circlecrop"),
    "slide": ("slideleft", "slideright", "slideup", "slidedown"),
}
WEIGHTS = {"cut": 6, "jump_cut": 2, "dissolve": 4, "fade": 2, "wipe": 5, "shape": 3, "slide": 2}

FLASH = "eq=brightness=0.7:enable='between(n,20,21)'"
PAN = "scale=1024:576,crop=512:288:x='256+256*sin(n/7)':y=144"


def length(path: Path) -> float:
    """Seconds of a video."""
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def shot(video: Path, begin: float, frames: int, special: str) -> list[bytes]:
    """Frames of a video in yuv420p; the last one is repeated where the video ends."""
    filters = f"fps={FPS},scale={WIDTH}:{HEIGHT},{special},tpad=stop_mode=clone:stop_duration=4,trim=end_frame={frames}"
    command = ["ffmpeg", "-v", "error", "-ss", f"{begin:.3f}", "-i", str(video), "-an", "-vf", filters, *RAW, "-"]
    return split(subprocess.run(command, check=True, capture_output=True).stdout)


def mixed(old: list[bytes], new: list[bytes], effect: str) -> list[bytes]:
    """What ffmpeg's xfade makes of frames of two shots, as many of one as of the other; both ends are pure."""
    with tempfile.TemporaryDirectory() as folder:
        inputs: list[str] = []
        for name, frames in (("old", old), ("new", new)):
            path = Path(folder, name)
            path.write_bytes(b"".join([*frames, frames[-1]]))
            inputs += [*RAW, "-s", f"{WIDTH}x{HEIGHT}", "-r", str(FPS), "-i", str(path)]
        fade = f"xfade=transition={effect}:duration={(len(old) - 1) / FPS}:offset=0"
        command = ["ffmpeg", "-v", "error", *inputs, "-filter_complex", fade, *RAW, "-"]
        return split(subprocess.run(command, check=True, capture_output=True).stdout)[: len(old)]


def split(raw: bytes) -> list[bytes]:
    """Frames of raw video."""
    return [raw[start : start + FRAME] for start in range(0, len(raw), FRAME)]


def build(videos: list[Path], out: Path, shots: int, chance: random.Random) -> dict[str, object]:
    """Write one reel; return its labels."""
    lengths = {video: length(video) for video in videos}
    cuts: list[dict[str, object]] = []
    reel: list[bytes] = []
    pure = 0  # frames of the last shot alone
    video, begin = chance.choice(videos), 0.0
    for _ in range(shots):
        kind = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        frames = chance.randint(3 * FPS // 2, 7 * FPS // 2)
        if kind == "jump_cut" and begin + 3 + frames / FPS < lengths[video]:
            begin += 3 + chance.random() * (lengths[video] - begin - 3 - frames / FPS)
        else:
            kind = "cut" if kind == "jump_cut" else kind
            video = chance.choice([other for other in videos if other != video])
            begin = chance.random() * max(0.0, lengths[video] - frames / FPS)
        new = shot(video, begin, frames, chance.choices(["null", FLASH, PAN], [8, 1, 1])[0])
        if len(new) < FPS:
            continue  # the video says that it is longer than it is
        begin += frames / FPS
        longest = min(24, len(new) - 10, pure - 5)  # some frames of either shot stay pure
        if not reel:
            reel, pure = new, len(new)
        elif "cut" in kind or longest < 8:
            kind = kind if "cut" in kind else "cut"
            cuts.append({"frame_start": len(reel) - 1, "frame_end": len(reel), "kind": kind})
            reel, pure = reel + new, len(new)
        else:
            count = chance.randint(8, longest)
            effect = chance.choice(KINDS[kind])
            between = mixed(reel[-count:], new[:count], effect)
            first = len(reel) - count + 1
            reel, pure = reel[:-count] + between + new[count:], len(new) - count
            cuts.append({"frame_start": first, "frame_end": first + count - 3, "kind": kind, "effect": effect})
    command = ["ffmpeg", "-v", "error", "-y", *RAW, "-s", f"{WIDTH}x{HEIGHT}", "-r", str(FPS), "-i", "-"]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", str(out)]
    subprocess.run(command, check=True, input=b"".join(reel))
    return {"file": out.name, "cuts": cuts}


def main() -> None:
    """Write the reels and `ground_truth.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="+", type=Path, metavar="VIDEO")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--reels", type=int, default=2)
    parser.add_argument("--shots", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    labels = [
        build(
            arguments.videos,
            arguments.out / f"reel{number}.mp4",
            arguments.shots,
            random.Random(f"{arguments.seed}/{number}"),
        )
        for number in range(arguments.reels)
    ]
    (arguments.out / "ground_truth.json").write_text(json.dumps(labels, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
