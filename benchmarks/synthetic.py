"""Datasets of any size that were never filmed: records and tables as a split would leave them, without media.

    python -m benchmarks.synthetic OUT [--videos 10000] [--clips 20] [--dim 64] [--tables]

By default OUT/videos gets one tiny file per video and OUT/dataset the records and empty clips of a split of them by
`splitter=fixed embedder=histogram`, so that a run of it has nothing to do. With `--tables` OUT gets tables and vectors
alone, of videos x clips, in bounded memory; that is quick enough for tens of millions. All is a function of the numbers
of videos and clips; ids look like UUIDs.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vidcurate.embedder.histogram import Histogram
from vidcurate.recipe import Recipe
from vidcurate.records import Video
from vidcurate.source.identity import video_id
from vidcurate.splitter.fixed import Fixed
from vidcurate.stage.decide import REASON
from vidcurate.stage.place import KEPT
from vidcurate.stage.record import Record, wanted, write_record
from vidcurate.stage.settle import FOLDER, SCHEMAS
from vidcurate.store.commit import commit
from vidcurate.store.files import Store
from vidcurate.table import CLIPS, DECISIONS, HASHES, SCORES, VIDEOS, vectors_table

VIDEO, CLIP = 1, 2
"""Kinds of names."""
SECONDS = 10.0
"""Length of every clip."""
PART = 100_000
"""Clips of a part: of a file of vectors, and of a row group of a table."""
DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)
PLACES = np.array([place for place in range(36) if place not in (8, 13, 18, 23)])
"""Of the digits of a UUID; hyphens are at the others."""


def recipe() -> Recipe:
    """What the records say they were made by: needs no weights."""
    return Recipe(splitter=Fixed(), embedder=Histogram())


def names(kind: int, start: int, stop: int) -> pa.StringArray:
    """Ids of the things of a kind that have the numbers [start, stop)."""
    numbers = np.arange(start, stop, dtype=np.uint64) + (np.uint64(kind) << np.uint64(56))
    words = np.stack([_mixed(numbers), _mixed(~numbers)], axis=1)
    halves = words.byteswap().view(np.uint8)
    letters = np.full((len(numbers), 36), ord("-"), np.uint8)
    letters[:, PLACES[0::2]], letters[:, PLACES[1::2]] = DIGITS[halves >> 4], DIGITS[halves & 15]
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * 36
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(letters))


def write_source(folder: Path, count: int) -> list[Video]:
    """Files of a few bytes, each unlike the others, a thousand to a folder; the videos that a source makes of them."""
    made = []
    for number in range(count):
        path = folder / f"{number // 1000:04d}" / f"{number:07d}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"video {number}\n", encoding="ascii")
        name, size = video_id(str(path))
        made.append(Video(id=name, uri=str(path.relative_to(folder)), path=str(path), size_bytes=size))
    return made


def videos(count: int) -> Iterator[Video]:
    """Videos that are nowhere."""
    for start in range(0, count, PART):
        for number, name in enumerate(names(VIDEO, start, min(start + PART, count)).to_pylist(), start):
            uri = f"{number // 1000:04d}/{number:07d}.mp4"
            yield Video(id=name, uri=uri, path=f"/nowhere/{uri}", size_bytes=10**8)


def records(of: Iterable[Video], clips: int, made_by: Recipe) -> Iterator[Record]:
    """What a split would have recorded of videos.

    Args:
        of: the videos.
        clips: of each.
        made_by: the recipe; each filter of it that sees frames has scored every clip.
    """
    made_from = wanted(made_by)
    filters = [name.partition("/")[2] for name in made_from if name.startswith("score/")]
    for number, video in enumerate(of):
        first = number * clips
        ids = names(CLIP, first, first + clips).to_pylist()
        draws = np.random.default_rng(number).random((clips, 1 + len(filters))).round(6).tolist()
        phash = _phashes(first, first + clips).tolist()
        yield Record(
            key=video.id,
            video={
                "video_id": video.id,
                "uri": video.uri,
                "status": "processed",
                "reason": "",
                "size_bytes": video.size_bytes,
                "license": video.license,
                "duration": clips * SECONDS,
                "width": 1280,
                "height": 720,
                "fps": 25.0,
                "num_frames": int(clips * SECONDS * 25),
                "codec": "h264",
                "pixel_format": "yuv420p",
                "audio_codec": "aac",
                "bit_rate": 2_000_000,
                "warnings": [],
            },
            made_from=made_from,
            clips=[
                {
                    "clip_id": name,
                    "video_id": video.id,
                    "start": index * SECONDS,
                    "end": (index + 1) * SECONDS,
                    "duration": SECONDS,
                    "width": 1280,
                    "height": 720,
                    "fps": 25.0,
                    "num_frames": int(SECONDS * 25),
                    "codec": "h264",
                    "num_bytes": 1_000_000 + int(draws[index][0] * 10**6),
                    "has_audio": True,
                    "encoder": "libx264",
                    "cut_verified": True,
                }
                for index, name in enumerate(ids)
            ],
            scores=[
                {"clip_id": name, "filter": entry, "score": entry, "value": value}
                for name, row in zip(ids, draws, strict=True)
                for entry, value in zip(filters, row[1:], strict=True)
            ],
            hashes=[
                {"clip_id": name, "content_hash": name.replace("-", ""), "phash": row}
                for name, row in zip(ids, phash, strict=True)
            ],
        )


def write_records(store: Store, made: Iterable[Record], *, files: bool = False) -> None:
    """Commit records.

    Args:
        store: the dataset, a local one where files are wanted.
        made: of which videos.
        files: whether each clip gets an empty file.
    """
    if files:
        Path(store.path(KEPT)).mkdir(parents=True, exist_ok=True)
    for record in made:
        if files:
            for clip in record.clips:
                Path(store.path(f"{KEPT}/{clip['clip_id']}.mp4")).touch()
        write_record(store, record)


def tables(count: int, clips: int) -> Iterator[dict[str, pa.Table]]:
    """VIDEOS, CLIPS, SCORES, HASHES and DECISIONS of so many videos with so many clips each, by name and in parts.

    Every clip has passed the filters; in DECISIONS nine of ten are kept, and the tenth repeats the one before it.
    """
    step = max(1, PART // clips)
    for start in range(0, count, step):
        yield _part(start, min(start + step, count), clips)


def write_tables(store: Store, count: int, clips: int, made_by: Recipe) -> None:
    """Write all tables that a split ends with, and their commit record; the dataset must be a local folder."""
    Path(store.path(FOLDER)).mkdir(parents=True, exist_ok=True)
    with ExitStack() as open_files:
        writers = {}
        for name, schema in SCHEMAS.items():
            path = Path(store.path(f"{FOLDER}/{name}/part-0.parquet"))
            path.parent.mkdir(exist_ok=True)
            writers[name] = open_files.enter_context(pq.ParquetWriter(path, schema, compression="zstd"))
        for part in tables(count, clips):
            for name in SCHEMAS.keys() & part.keys():
                writers[name].write_table(part[name])
    commit(store, FOLDER, wanted(made_by)["clips"], embeddings=made_by.embedder.folder)


def write_vectors(store: Store, count: int, dim: int, made_by: Recipe) -> None:
    """VECTORS of so many clips, random and of unit length, in files of `PART`."""
    for start in range(0, count, PART):
        stop = min(start + PART, count)
        matrix = np.random.default_rng(start).standard_normal((stop - start, dim), np.float32)
        matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
        ids = names(CLIP, start, stop).to_pylist()
        store.write_table(f"{made_by.embedder.folder}/part-{start // PART:06d}.parquet", vectors_table(ids, matrix))


def main() -> None:
    """Write a dataset."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--videos", type=int, default=10_000)
    parser.add_argument("--clips", type=int, default=20, help="of each video")
    parser.add_argument("--dim", type=int, default=64, help="of vectors")
    parser.add_argument("--tables", action="store_true", help="tables and vectors alone")
    given = parser.parse_args()
    if given.tables:
        store = Store(str(given.out))
        write_tables(store, given.videos, given.clips, recipe())
        write_vectors(store, given.videos * given.clips, given.dim, recipe())
        return
    made = records(write_source(given.out / "videos", given.videos), given.clips, recipe())
    write_records(Store(str(given.out / "dataset")), made, files=True)


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64: different numbers stay different and look random."""
    mixed = numbers * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def _phashes(start: int, stop: int) -> NDArray[np.uint64]:
    """Hashes of the clips [start, stop): uint64 [n, two a second]."""
    count = int(2 * SECONDS)
    return _mixed(np.arange(start * count, stop * count, dtype=np.uint64)).reshape(-1, count)


def _part(start: int, stop: int, clips: int) -> dict[str, pa.Table]:
    """The tables of the videos [start, stop)."""
    videos, first, last = stop - start, start * clips, stop * clips
    count, random = last - first, np.random.default_rng(start)
    numbers = np.arange(first, last)
    of, index = numbers // clips - start, numbers % clips
    video_ids, ids = names(VIDEO, start, stop), names(CLIP, first, last)
    begin = index * SECONDS
    kept = (numbers % 10 != 9) | (numbers == first)
    roots = ids.take(pa.array(np.where(kept, numbers, numbers - 1) - first))
    facts = {"width": 1280, "height": 720, "fps": 25.0, "codec": "h264", "reason": ""}
    phash = _phashes(first, last)
    offsets = np.arange(count + 1, dtype=np.int32) * phash.shape[1]
    uris = pa.array([f"{number // 1000:04d}/{number:07d}.mp4" for number in range(start, stop)])
    given = {
        "videos": facts
        | {"video_id": video_ids, "uri": uris, "status": "processed", "size_bytes": 10**8, "license": ""}
        | {"duration": clips * SECONDS, "num_frames": int(clips * SECONDS * 25), "num_clips": clips}
        | {"pixel_format": "yuv420p", "audio_codec": "aac", "bit_rate": 2_000_000, "warnings": [[]] * videos},
        "clips": facts
        | {"clip_id": ids, "video_id": video_ids.take(pa.array(of)), "uri": _between(f"{KEPT}/", ids, ".mp4")}
        | {"start": begin, "end": begin + SECONDS, "duration": SECONDS, "num_frames": int(SECONDS * 25)}
        | {"num_bytes": random.integers(10**6, 2 * 10**6, count), "has_audio": True, "encoder": "libx264"}
        | {"cut_verified": True, "kept": True},
        "scores": {"clip_id": ids, "filter": "motion", "score": "motion", "value": random.random(count)}
        | {"kept": True, "reason": ""},
        "hashes": {"clip_id": ids, "duration": SECONDS, "content_hash": pc.replace_substring(ids, "-", "")}
        | {"phash": pa.ListArray.from_arrays(pa.array(offsets), pa.array(phash.reshape(-1)))},
        "decisions": {"id": ids, "kept": kept, "witness_id": pc.if_else(pa.array(kept), None, roots)}
        | {"similarity": random.random(count, np.float32), "group_id": roots}
        | {"reason": pc.if_else(pa.array(kept), "", REASON)},
    }
    schemas = {"videos": VIDEOS, "clips": CLIPS, "scores": SCORES, "hashes": HASHES, "decisions": DECISIONS}
    return {
        name: pa.Table.from_arrays(
            [_column(columns[field.name], field.type, videos if name == "videos" else count) for field in schema],
            schema=schema,
        )
        for (name, columns), schema in zip(given.items(), schemas.values(), strict=True)
    }


def _column(value: object, kind: pa.DataType, count: int) -> pa.Array:
    """A column of values, or of one value for all rows."""
    if isinstance(value, str | bool | int | float):
        return pa.repeat(pa.scalar(value, kind), count)
    return (value if isinstance(value, pa.Array) else pa.array(value)).cast(kind)


def _between(before: str, ids: pa.StringArray, after: str) -> pa.Array:
    return pc.binary_join_element_wise(before, ids, after, "")


if __name__ == "__main__":
    main()
