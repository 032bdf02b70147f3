"""A made dataset to choose an epsilon for: families of clips whose similarities fill every band, and their previews."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.media import write_video
from vidcurate import Recipe, curate
from vidcurate.cluster.single import Single
from vidcurate.dedup.leader import Leader
from vidcurate.store.files import Store
from vidcurate.table import CLIPS, VIDEOS, table, vectors_table

SOURCE = "<script>document.title='owned'</script> & \"ü\".mp4"
CLIP = "<img src=x onerror=document.title='owned'>"
RECIPE = Recipe(cluster=Single(), dedup=Leader(eps=0.05))
FAMILIES, MEMBERS = 14, 5


def names() -> list[str]:
    """Ids of the clips, family by family; one is no name to trust."""
    return [CLIP, *(f"clip{number:03d}" for number in range(1, FAMILIES * MEMBERS))]


def vectors() -> np.ndarray:
    """Float32 [70, 32]: five variations of each of fourteen directions, from hardly to much."""
    random = np.random.default_rng(0)
    bases = np.repeat(np.linalg.qr(random.normal(size=(32, FAMILIES)))[0].T, MEMBERS, axis=0)
    noise = random.normal(size=bases.shape) / np.sqrt(32)
    amounts = np.tile([0.02, 0.06, 0.15, 0.3, 0.5], FAMILIES) * random.uniform(0.7, 1.3, len(bases))
    return (bases + amounts[:, None] * noise).astype(np.float32)


def write_dataset(root: Path) -> Store:
    """The dataset after split and dedup; one clip has a strip, one a file, and one nothing to be shown by."""
    from vidcurate.video.jpeg import small_jpeg
    from vidcurate.video.webp import animation

    store, clips = Store(str(root)), names()
    for number, name in enumerate(clips):
        images = np.full((2, 36, 64, 3), 40 + 2 * number, np.uint8)
        images[1] += 30
        if number == 1:
            store.write(f"previews/{name}.jpg", small_jpeg(images[0], 6000))
        elif number > 3:
            store.write(f"previews/{name}.webp", animation(images, fps=3, quality=60))
    (root / "clips").mkdir()
    write_video(root / "clips" / f"{clips[2]}.mp4", (25,))
    videos = [SOURCE, "b.mp4", "c.mp4"]
    rows = [{"video_id": f"v{number}", "uri": uri, "status": "processed"} for number, uri in enumerate(videos)]
    facts = {"start": 61.0, "end": 63.0, "duration": 2.0, "width": 320, "height": 176, "num_bytes": 1, "kept": True}
    store.write_table(
        "tables/videos/part-0.parquet", table(VIDEOS, (row | {"bit_rate": 1, "fps": 25.0} for row in rows))
    )
    store.write_table(
        "tables/clips/part-0.parquet",
        table(
            CLIPS,
            (
                facts
                | {"clip_id": name, "video_id": f"v{number % 3}"}
                | ({"uri": f"clips/{name}.mp4"} if number == 2 else {})
                for number, name in enumerate(clips)
            ),
        ),
    )
    store.write_table(f"{RECIPE.embedder.folder}/part-0.parquet", vectors_table(clips, vectors()))
    curate(RECIPE, out=str(root), steps=["dedup"])
    return store
