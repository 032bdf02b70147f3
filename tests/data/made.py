"""A dataset of real clips for the tests of loaders: small, whose frames carry their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from tests.media import write_video
from tests.sharder.made import packed
from vidcurate.sharder.base import Sample
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.store.files import Store

NUM_CLIPS = 11
SIZE = (160, 32)  # wide enough for the number of a frame
FRAMES = 12


def write_clips(folder: Path, count: int = NUM_CLIPS, size: tuple[int, int] = SIZE) -> list[bytes]:
    """Clips of 12 to 14 frames at 8 frames a second, each of a scene of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [
        write_video(folder / f"{number}.mp4", (FRAMES + number % 3,), size=size, fps=Fraction(8), seed=number)
        for number in range(count)
    ]
    return [path.read_bytes() for path in paths]


def made_samples(store: Store, clips: Sequence[bytes], *, tall: Sequence[int] = ()) -> list[Sample]:
    """Samples of clips: every third has no caption, number n lasts n seconds by its metadata, some are called tall."""
    samples = []
    for number, clip in enumerate(clips):
        key = f"clip-{number:02d}"
        store.write(f"clips/{key}.mp4", clip)
        caption = "" if number % 3 == 2 else f"Clip {number}, “naïve”."
        samples.append(
            Sample(
                key=key,
                media=f"clips/{key}.mp4",
                num_bytes=len(clip),
                width=720 if number in tall else 1280,
                height=1280 if number in tall else 720,
                duration=float(number),
                source=f"video-{number}",
                caption=caption,
                metadata={
                    "clip_id": key,
                    "duration": float(number),
                    "caption": caption,
                    "scores": {"motion": number / 10},
                },
            )
        )
    return samples


def made_dataset(store: Store, clips: Sequence[bytes], *, per_shard: int = 4, tall: Sequence[int] = ()) -> Store:
    """Shards of at most so many samples, binned by aspect if some clips are tall."""
    samples = made_samples(store, clips, tall=tall)
    sharder = WebDataset(bins=("aspect",) if tall else ())
    largest = max(sharder.size(sample) for sample in samples)
    packed(replace(sharder, target_bytes=per_shard * largest + sharder.closing), store, samples)
    return store
