"""Samples for the tests of sharders: clips of known bytes in a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vidcurate.runtime.local import Local
from vidcurate.sharder.base import Part, Sample, Shard, Sharder
from vidcurate.sharder.plan import plan
from vidcurate.stage.shard import Whole, shard, stored_shards
from vidcurate.store.files import Store


def packed(sharder: Sharder, store: Store, samples: Sequence[Sample], seed: int = 0) -> list[Shard]:
    """The shards of samples whose clips are in the store they go to."""
    shard(store, store, plan(samples, sharder, seed), sharder, Whole(cut="cut"), Local())
    return list(stored_shards(store, sharder).values())


def packed_apart(sharder: Sharder, store: Store, **subsets: Sequence[Sample]) -> list[Shard]:
    """The same, one shard for each subset."""
    parts = [
        Part(name=f"{subset}/000000", subset=subset, bins={}, samples=tuple(samples))
        for subset, samples in sorted(subsets.items())
    ]
    shard(store, store, parts, sharder, Whole(cut="cut"), Local())
    return list(stored_shards(store, sharder).values())


def made_samples(store: Store, count: int = 5, *, num_bytes: int = 3000) -> list[Sample]:
    """Clips of random bytes, 8 s each at 1280x720; the second one has no caption."""
    made = []
    for number in range(count):
        key, data = f"clip-{number:02d}", np.random.default_rng(number).bytes(num_bytes + number)
        store.write(f"clips/{key}.mp4", data)
        made.append(
            Sample(
                key=key,
                media=f"clips/{key}.mp4",
                num_bytes=len(data),
                width=1280,
                height=720,
                duration=8.0,
                source=f"video-{number // 2}",
                caption="" if number == 1 else f"Clip {number}, “naïve”.",
                metadata={"clip_id": key, "source_video": f"ä {number}.mov", "start": number / 3},
            )
        )
    return made


def three_shapes(store: Store) -> list[Sample]:
    """A 3-second clip, a portrait clip, and one of 720p."""
    short, portrait, plain = made_samples(store, 3)
    return [replace(short, duration=3.0), replace(portrait, width=1080, height=1920), plain]
