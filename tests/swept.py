"""What sweeps over epsilon begin with: a split of three short videos, the last of which repeats the first."""

from __future__ import annotations

from pathlib import Path

from tests.forked import vidcurate
from tests.media import write_video


def split_videos(root: Path) -> Path:
    """The folder, in which `o` is now the dataset of `videos`."""
    (root / "videos").mkdir()
    for name, seed, gop in (("a.mp4", 1, 50), ("b.mp4", 2, 50), ("c.mp4", 1, 10)):
        write_video(root / "videos" / name, (30, 30), seed=seed, gop=gop)
    options = ("splitter=fixed", "splitter.length=1", "splitter.min_length=0.5", "embedder=histogram", "runtime=local")
    ended = vidcurate("+experiment=split", "source.path=videos", "out=o", *options, cwd=root)
    assert ended.returncode == 0, ended.stderr
    return root
