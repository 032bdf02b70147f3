"""What the benchmarks of `run_all.py` work on, made once each: from the sample videos, or from a folder of one's own.

FOLDER may hold `raw/` (videos; else those in FOLDER itself), `edits/` (labelled reels, as `shots.py` reads them) and
`dups/` (labelled near-duplicates, as `embed.py` reads them). Without reels some are built; near-duplicates are not.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from vidcurate.video.probe import probe

SAMPLES = Path(__file__).parents[1] / "vidcurate" / "source" / "clips"
SUFFIXES = {".mp4", ".mkv", ".mov", ".webm", ".avi", ".ts"}
PIECE_S = 6.0
"""Length of the shots of `bench`."""
MOST = 24
"""Shots that are encoded for it, at most; then they come again."""
SHAPE = "fps=25,scale=1280:720:force_original_aspect_ratio=decrease,pad=1280:720:-1:-1,setsar=1,format=yuv420p"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpora:
    """Folders and files by the names that the list of benchmarks uses.

    Attributes:
        given: FOLDER; None takes the samples.
        made: where what is made stays.
        videos: how many videos `bench` holds.
        seconds: length of each.
    """

    given: Path | None
    made: Path
    videos: int
    seconds: float

    def find(self, name: str) -> Path | None:
        """`bench`, `long`, `reels`, `short`, `dups`, `dataset` or `videos`; None where this corpus lacks it."""
        return {
            "bench": self._bench, "long": self._long, "reels": self._reels, "short": self._short,
            "dups": lambda: self._labelled("dups"), "dataset": self._dataset, "videos": self.folder,
        }[name]()  # fmt: skip

    def folder(self) -> Path:
        """Where videos lie."""
        folder = SAMPLES if self.given is None else self.given
        return folder / "raw" if (folder / "raw").is_dir() else folder

    def sources(self) -> list[Path]:
        """Videos that something can be made of: long enough, not too wide to decode fast; sorted."""
        found = sorted(path for path in self.folder().iterdir() if path.suffix in SUFFIXES)
        return [path for path in found if probe(str(path)).duration >= PIECE_S + 1 and probe(str(path)).width <= 1920]

    def _labelled(self, name: str) -> Path | None:
        folder = None if self.given is None else self.given / name
        return folder if folder is not None and (folder / "ground_truth.json").is_file() else None

    def _bench(self) -> Path:
        """Videos of 1280x720 at 25 frames a second, H.264, a cut every few seconds."""

        def make(folder: Path) -> None:
            pieces, sources = [], self.sources()
            wanted = min(len(sources), MOST, self.videos * round(self.seconds / PIECE_S))
            for number, path in enumerate(sources[:: len(sources) // wanted][:wanted]):
                pieces.append(folder / f"piece{number}.mp4")
                ffmpeg("-ss", "0.5", "-i", path, "-map", "0:v:0", "-t", PIECE_S, "-vf", SHAPE, *X264, pieces[-1])
            drawn = cycle(pieces)
            for number in range(self.videos):
                join(islice(drawn, round(self.seconds / PIECE_S)), folder / f"{number}.mp4")
            for piece in pieces:
                piece.unlink()

        return self._once(f"bench-{self.videos}x{self.seconds:g}", make)

    def _long(self) -> Path:
        """All videos of `bench` as one."""
        videos = sorted(self._bench().glob("*.mp4"))
        return self._once(f"long-{self.videos}x{self.seconds:g}", lambda folder: join(videos, folder / "long.mp4")) / (
            "long.mp4"
        )

    def _reels(self) -> Path:
        def make(folder: Path) -> None:
            videos = [str(path) for path in self.sources() if probe(str(path)).duration > 8]
            call("-m", "benchmarks.reels", *videos, "--out", str(folder), "--reels", "1", "--shots", "20")

        return self._labelled("edits") or self._once("reels", make)

    def _short(self) -> Path:
        """Three small videos, for what is run many times."""

        def make(folder: Path) -> None:
            for path in sorted(self.sources(), key=lambda path: (path.stat().st_size, path.name))[:3]:
                shutil.copy(path, folder)

        return self._once("short", make)

    def _dataset(self) -> Path:
        """A dataset of the clips of `bench`, packed."""

        def make(folder: Path) -> None:
            call(
                "-m", "vidcurate", "+experiment=curate", f"source.path={self._bench()}", f"out={folder}",
                "splitter=fixed", "splitter.length=3", "embedder=histogram", "filter=[]", "preview=none", "dedup=none",
                f"hydra.run.dir={folder}.hydra",
            )  # fmt: skip

        return self._once(f"dataset-{self.videos}x{self.seconds:g}", make)

    def _once(self, name: str, make: Callable[[Path], None]) -> Path:
        folder = self.made / name
        if not folder.is_dir():
            staged = self.made / f"{name}.part"
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir(parents=True)
            make(staged)
            staged.rename(folder)
        return folder


X264 = ("-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-bf", "2", "-video_track_timescale", "12800")


def join(pieces: Sequence[Path] | islice[Path], out: Path) -> None:
    """One video of several that were encoded alike, without encoding."""
    listed = out.with_suffix(".txt")
    listed.write_text("".join(f"file '{piece}'\n" for piece in pieces), encoding="utf-8")
    ffmpeg("-f", "concat", "-safe", "0", "-i", listed, "-c", "copy", out)
    listed.unlink()


def ffmpeg(*arguments: object) -> None:
    """Run ffmpeg."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True)


def call(*arguments: str) -> None:
    """Run Python, quietly."""
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, cwd=Path(__file__).parents[1])
