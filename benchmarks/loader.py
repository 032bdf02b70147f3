"""What it costs to load shards for training, beside webdataset with torchcodec on the same tars.

    python benchmarks/loader.py DATASET [--repeat N] [--size PIXELS]

DATASET is the root of a dataset that `shard` has written, local or a URL that webdataset opens as well. Everything runs
in this process, without workers; rows take turns, and their figures are medians of N rounds of CPU-seconds.

decoded   16 frames of each clip, cropped to PIXELS x PIXELS, in batches of 8; webdataset with the fewest lines that do
          this. Figures are clips per CPU-second and per second.
bytes     the samples without a look at their clips.
resumed   until the first batch (webdataset: sample) after half an epoch, not decoded; webdataset reads what it skips.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np
import torch
import webdataset as wds
from rich.table import Table

from benchmarks.findings import Findings, add_json
from vidcurate.data import VideoData
from vidcurate.data.clips import Clips
from vidcurate.data.frames import View
from vidcurate.data.order import Order
from vidcurate.data.shards import Shards
from vidcurate.video.reread import torchcodec_decoder

BATCH, FRAMES = 8, 16
Row = tuple[str, str]
"""What is done, and by what."""


class Unseen(View):
    """Makes nothing of a clip."""

    def __call__(self, clip: bytes, aspect: str = "") -> torch.Tensor:
        """An empty tensor."""
        return torch.empty(0)


def plain(tars: list[str]) -> wds.WebDataset:
    """The samples of tars, one after the other."""
    return wds.WebDataset(tars, shardshuffle=False)


def decoded(sample: dict[str, bytes], size: int) -> torch.Tensor:
    """Frames of a sample, as most write it."""
    from torchcodec.decoders import VideoDecoder

    video = VideoDecoder(sample["mp4"])
    end = video.metadata.end_stream_seconds
    images = video.get_frames_played_at([(n + 0.5) / FRAMES * end for n in range(FRAMES)]).data
    side = min(images.shape[-2:])
    top, left = (images.shape[-2] - side) // 2, (images.shape[-1] - side) // 2
    images = images[..., top : top + side, left : left + side]
    return torch.nn.functional.interpolate(images, (size, size), mode="bilinear", antialias=True)


def batched(samples: Iterable[dict[str, bytes]], size: int) -> Iterator[torch.Tensor]:
    """Batches of decoded samples."""
    found = iter(samples)
    while batch := [decoded(sample, size) for sample in islice(found, BATCH)]:
        yield torch.stack(batch)


def unseen(shards: Shards, start: int = 0) -> Iterator[list[str]]:
    """Keys of the batches of a shuffled epoch from one on, which are read but not decoded."""
    listed = shards.listed("train")
    clips, order = Clips(shards, listed, Unseen()), Order(batch_size=BATCH)
    rows = [np.arange(shard.num_samples, dtype=np.int32) for shard in listed]
    plan = order.plan(rows, [""] * len(rows), 0, 0, 1)
    for index in range(start, len(plan)):
        batch, _ = clips.read(plan[index])
        yield batch["key"] if batch is not None else []


def rows(path: str, size: int) -> dict[Row, Callable[[], object]]:
    """Everything that is timed."""
    shards = Shards(path)
    tars = [shards.store.fs.unstrip_protocol(shards.store.path(shard.path)) for shard in shards.listed("train")]
    tars = [tar.removeprefix("file://") for tar in tars]
    count = sum(shard.num_samples for shard in shards.listed("train"))

    def loaded(shuffle: bool) -> Iterator[object]:
        data = VideoData(path, batch_size=BATCH, frames=FRAMES, height=size, width=size, shuffle=shuffle)
        return iter(data.train_dataloader())

    return {
        ("decoded", "webdataset, torchcodec"): lambda: list(batched(plain(tars), size)),
        ("decoded", "VideoData in order"): lambda: list(loaded(False)),
        ("decoded", "VideoData shuffled"): lambda: list(loaded(True)),
        ("bytes", "webdataset"): lambda: list(plain(tars)),
        ("bytes", "VideoData shuffled"): lambda: list(unseen(shards)),
        ("resumed", "webdataset"): lambda: next(islice(plain(tars), count // 2, None)),
        ("resumed", "VideoData shuffled"): lambda: next(unseen(shards, count // 2 // BATCH)),
    }


def main() -> None:
    """Time the rows in turn and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--size", type=int, default=224)
    add_json(parser)
    options = parser.parse_args()
    if torchcodec_decoder() is None:
        parser.error("torchcodec does not load: FFmpeg's shared libraries are not installed")
    torch.set_num_threads(1)
    timed: dict[Row, list[tuple[float, float]]] = defaultdict(list)
    for _ in range(options.repeat):
        for row, work in rows(options.dataset, options.size).items():
            cpu, wall = time.process_time(), time.perf_counter()
            work()
            timed[row].append((time.process_time() - cpu, time.perf_counter() - wall))
    count = sum(shard.num_samples for shard in Shards(options.dataset).listed("train"))
    table = Table(title=f"{count} clips, median of {options.repeat}", title_justify="left")
    for column in ("", "by", "CPU-s", "clips per CPU-s", "clips per s"):
        table.add_column(column, justify="left" if column in ("", "by") else "right")
    spent: dict[Row, float] = {}
    for (kind, by), figures in timed.items():
        cpu, wall = (statistics.median(figure) for figure in zip(*figures, strict=True))
        rates = (f"{count / cpu:.1f}", f"{count / wall:.1f}") if kind != "resumed" else ("", "")
        table.add_row(kind, by, f"{cpu:.3f}", *rates)
        spent[kind, by] = cpu
    findings = Findings(options.json, width=100)
    findings.table(table)
    for kind, by in (row for row in spent if "VideoData" in row[1]):
        peer = next(cpu for (other, name), cpu in spent.items() if other == kind and name.startswith("webdataset"))
        findings.figure(f"{kind}: webdataset of {by}", peer / spent[kind, by])


if __name__ == "__main__":
    main()
