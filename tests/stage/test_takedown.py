"""A video that is taken down is nowhere in the dataset, and nothing else has changed."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import json
import shutil
import signal
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.media import write_video
from tests.test_pipeline import contents
from vidcurate import Recipe, curate
from vidcurate.cluster.single import Single
from vidcurate.dedup.leader import Leader
from vidcurate.embedder.histogram import Histogram
from vidcurate.errors import ConfigError, MissingInput, VidcurateError
from vidcurate.sharder.parquet import Parquet
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.source.folder import Folder
from vidcurate.splitter.fixed import Fixed
from vidcurate.stage.clean import without
from vidcurate.stage.gone import everything, search
from vidcurate.stage.packed import keys_of
from vidcurate.stage.shard import stored_shards
from vidcurate.store.files import Store

SHARDER = WebDataset(max_samples=2)
RECIPE = Recipe(
    splitter=Fixed(length=0.4, min_length=0.2),
    filter=(),
    embedder=Histogram(),
    cluster=Single(),
    dedup=Leader(eps=0.01),
    sharder=SHARDER,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Path]:
    """Five videos, of which `copy` equals `b` byte by byte and `d` repeats a scene of it; and their dataset."""
    root = tmp_path_factory.mktemp("takedown")
    videos = root / "videos"
    videos.mkdir()
    for seed, name in enumerate("abce"):
        shots = (10, 10) if name == "b" else (10,)
        write_video(videos / f"{name}.mp4", shots, size=(160, 96), seed=seed, audio=name == "b")
    write_video(videos / "d.mp4", (10,), size=(160, 96), seed=1, gop=7)
    shutil.copy(videos / "b.mp4", videos / "copy.mp4")
    curate(RECIPE, source=Folder(path=str(videos)), out=str(root / "out"))
    return videos, root / "out"


@pytest.fixture
def out(made, tmp_path) -> Path:
    shutil.copytree(made[1], tmp_path / "out")
    return tmp_path / "out"


def ids_of(out: Path, *uris: str) -> set[str]:
    """Ids of videos and of their clips."""
    rows = pq.read_table(out / "tables/videos").to_pylist()
    videos = {row["video_id"] for row in rows if row["uri"] in uris}
    clips = pq.read_table(out / "tables/clips").to_pylist()
    return videos | {row["clip_id"] for row in clips if row["video_id"] in videos}


def take_down(out: Path, *names: str) -> dict:
    return curate(RECIPE, out=str(out), steps=["takedown"], source_ids=names)


def holding(out: Path, ids: set[str]) -> dict[str, list[str]]:
    """Keys of shards by name, of those that hold any of these clips."""
    store = Store(str(out))
    shards = {name: [*keys_of(store, SHARDER, entry)] for name, entry in stored_shards(store, SHARDER).items()}
    return {name: keys for name, keys in shards.items() if ids & {*keys}}


def beside_another(out: Path) -> str:
    """Uri of a video of one clip that shares its shard with another; five clips in pairs leave one at least."""
    pairs = [keys for keys in holding(out, everyone(out)).values() if len(keys) == 2]
    return next(uri for uri in ("a.mp4", "c.mp4", "e.mp4") for keys in pairs if ids_of(out, uri) & {*keys})


def everyone(out: Path) -> set[str]:
    return {row["clip_id"] for row in pq.read_table(out / "tables/clips").to_pylist()}


def members(path: Path) -> list[tuple[str, bytes]]:
    with tarfile.open(path) as tar:
        return [(member.name, tar.extractfile(member).read()) for member in tar]


def anywhere(root: Path, ids: set[str]) -> set[str]:
    """Files that name an id, found without our own search: raw, and in the strings of parquet files."""
    found = set()
    for path in (path for path in root.rglob("*") if path.is_file()):
        text = path.relative_to(root).as_posix().encode() + path.read_bytes()
        if path.suffix == ".parquet":
            text += json.dumps(pq.read_table(path).to_pylist(), default=str).encode()
        if any(name.encode() in text for name in ids):
            found.add(path.name)
    return found


def test_what_is_taken_down_is_nowhere_and_other_shards_keep_their_bytes(out):
    uri = beside_another(out)
    gone, before = ids_of(out, uri), contents(out, "webdataset/**/*.tar")
    hit = holding(out, gone)
    old = {name: members(out / f"webdataset/v0/{name}.tar") for name in hit}
    assert len(anywhere(out, gone)) > 10

    summary = take_down(out, uri)

    after = contents(out, "webdataset/**/*.tar")
    assert anywhere(out, gone) == {"takedown.json"}
    assert len(hit) == 1 < len(before)
    changed = {f"webdataset/v0/{name}.tar" for name in hit}
    assert {key: value for key, value in after.items() if key not in changed} == {
        key: value for key, value in before.items() if key not in changed
    }
    for name in hit:
        left = [(member, data) for member, data in old[name] if member.partition(".")[0] not in gone]
        assert members(out / f"webdataset/v0/{name}.tar") == left
    assert summary["videos"] == {"in": 5, "kept": 4, "filtered": 0, "duplicate": 1, "failed": 0}
    assert summary["takedown"]["last"]["clips"] == 1
    index = Store(str(out)).read_json("webdataset/v0/index.json")
    assert {f"webdataset/v0/{entry['path']}" for entry in index["shards"]} == after.keys()
    assert not list(out.glob("_takedown.json")) + list(out.glob(".staging*"))


def test_shards_that_cannot_be_written_without_a_sample_are_removed_as_a_whole(out, caplog):
    gone = ids_of(out, "b.mp4")
    curate(replace(RECIPE, sharder=Parquet()), out=str(out), steps=["shard"])

    with caplog.at_level("WARNING"):
        take_down(out, "b.mp4")

    assert "parquet/v0 is removed as a whole" in caplog.text
    assert not list(out.glob("parquet/**/*.parquet"))
    assert anywhere(out, gone) == {"takedown.json"}


def test_clips_dropped_for_one_that_is_gone_are_named_and_come_in_by_the_next_dedup(made, out, caplog):
    videos, _ = made
    [first, *_] = [
        row for row in pq.read_table(out / "semantic/decisions/eps=0.01").to_pylist() if row["witness_id"] is not None
    ]
    kept = next(uri for uri in ("b.mp4", "d.mp4") if first["witness_id"] in ids_of(out, uri))

    with caplog.at_level("WARNING"):
        take_down(out, kept)

    assert f"let them in: {first['id']}" in caplog.text
    with pytest.raises(MissingInput, match=r"run \+experiment=dedup"):
        curate(RECIPE, out=str(out), steps=["shard"])
    summary = curate(RECIPE, source=Folder(path=str(videos)), out=str(out))
    assert first["id"] in {key for keys in holding(out, {first["id"]}).values() for key in keys}
    assert summary["dedup"]["removed"] == 0


def test_it_does_not_come_in_again_and_every_input_is_accounted_for(made, out):
    videos, _ = made
    gone = ids_of(out, "b.mp4")
    take_down(out, "b.mp4")

    summary = curate(RECIPE, source=Folder(path=str(videos)), out=str(out))

    assert summary["videos"] == {"in": 6, "kept": 4, "filtered": 2, "duplicate": 0, "failed": 0}
    assert summary["video_reasons"] == {"taken_down": 2}
    assert anywhere(out, gone) == {"takedown.json"}
    before = contents(out, "**/*")
    assert take_down(out, "b.mp4", "copy.mp4")["videos"]["in"] == 6  # known to be gone
    assert contents(out, "tables/**/*", "webdataset/**/*", "clips/*") == {
        key: value for key, value in before.items() if key.split("/")[0] in {"tables", "webdataset", "clips"}
    }


def test_several_go_at_once_by_id_uri_or_file_and_the_rest_may_be_nothing(out, tmp_path):
    [by_id] = {row["video_id"] for row in pq.read_table(out / "tables/videos").to_pylist() if row["uri"] == "a.mp4"}
    gone = ids_of(out, "a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4")
    (tmp_path / "ids.txt").write_text(f"# by request\n{by_id}\nc.mp4\n")

    take_down(out, str(tmp_path / "ids.txt"))
    summary = take_down(out, "copy.mp4", "d.mp4", "e.mp4")

    assert anywhere(out, gone) == {"takedown.json"}
    assert summary["shards"] == {"shards": 0, "samples": 0, "bytes": 0}
    assert not list(out.glob("webdataset/**/*.tar"))


def test_unknown_names_are_said_at_once_before_anything_is_touched(out):
    before = contents(out, "**/*")

    with pytest.raises(ConfigError, match=r"'bb\.mp4' .*did you mean 'b\.mp4'") as error:
        take_down(out, "b.mp4", "bb.mp4", "nothing like it")
    with pytest.raises(ConfigError, match="source_ids names no video"):
        take_down(out)

    assert len(error.value.problems) == 2
    assert contents(out, "**/*") == before


class Killed(BaseException):
    """Nobody catches it."""


def die(monkeypatch, after: int, how) -> None:
    """Let the process die when so many files have been put in place or removed."""
    calls = itertools.count()

    def dying(method):
        def called(*arguments):
            if next(calls) >= after:
                how()
            return method(*arguments)

        return called

    monkeypatch.setattr(Store, "remove", dying(Store.remove))
    monkeypatch.setattr(Store, "put", dying(Store.put))


def raise_killed() -> None:
    raise Killed


SCRIPT = """
import os, signal, sys
from pathlib import Path
from tests.stage.test_takedown import take_down
from vidcurate.store.files import Store

put = Store.put

def dying(store, local, key):
    if key.endswith(".tar"):
        os.kill(os.getpid(), signal.SIGKILL)
    put(store, local, key)

Store.put = dying
take_down(Path(sys.argv[1]), sys.argv[2])
"""


def without_runs(found: dict[str, str]) -> dict[str, str]:
    """Without what tells of runs: journals, and the lease of one that was killed when all was done."""
    return {key: value for key, value in found.items() if not key.startswith(("logs/", "_lease/"))}


def test_killed_in_the_middle_and_run_again_it_is_done(made, out, tmp_path, monkeypatch):
    gone = ids_of(out, "b.mp4")
    take_down(out, "b.mp4")
    expected = without_runs(contents(out, "**/*"))
    unfinished = 0
    for after in itertools.count(0, 9):
        again = tmp_path / str(after)
        shutil.copytree(made[1], again)
        with monkeypatch.context() as patched:
            die(patched, after, raise_killed)
            try:
                take_down(again, "b.mp4")
            except Killed:
                pass
            else:
                break
        if (again / "_takedown.json").exists():
            unfinished += 1
            with pytest.raises(MissingInput, match="a takedown was not finished"):
                curate(RECIPE, out=str(again), steps=["shard"])
        if anywhere(again, gone) != {"takedown.json"}:  # or else all was done, but for the timeline
            take_down(again, "b.mp4")
        assert anywhere(again, gone) == {"takedown.json"}
        ours = without_runs(contents(again, "**/*"))
        assert {key for key in ours.keys() | expected.keys() if ours.get(key) != expected.get(key)} <= {"report.html"}
    assert unfinished > 4


def test_a_killed_process_leaves_nothing_behind(out):
    uri = beside_another(out)
    gone, command = ids_of(out, uri), [sys.executable, "-c", SCRIPT, str(out), uri]

    killed = subprocess.run(command, cwd=Path(__file__).parents[2], check=False)

    assert killed.returncode == -signal.SIGKILL
    assert list(out.glob(".staging-*"))  # with media that has to go
    take_down(out, uri)
    assert anywhere(out, gone) == {"takedown.json"}
    assert not list(out.glob(".staging-*"))


def test_what_somebody_else_has_left_is_found(out):
    clip = next((out / "clips").glob("*.mp4"))
    [uri] = [
        row["uri"]
        for row in pq.read_table(out / "tables/videos").to_pylist()
        if clip.stem in ids_of(out, row["uri"]) and row["uri"] != "copy.mp4"
    ]
    (out / "mine").mkdir()
    shutil.copy(clip, out / "mine/best.bin")

    with pytest.raises(VidcurateError, match=r"1 traces are left: media of SHA-256 \w+ in mine/best\.bin"):
        take_down(out, uri)

    (out / "mine/best.bin").unlink()
    take_down(out, uri)
    assert not (out / "_takedown.json").exists()


def test_a_picture_that_a_remaining_clip_has_too_is_no_trace(out):
    gone = ids_of(out, "b.mp4")
    rows = pq.read_table(out / "tables/clips").to_pylist()
    [name, *_] = [row["clip_id"] for row in rows if row["clip_id"] in gone]
    [other, *_] = [row["clip_id"] for row in rows if row["clip_id"] not in gone]
    shutil.copy(out / f"previews/{name}.jpg", out / f"previews/{other}.jpg")

    take_down(out, "b.mp4")

    assert (out / f"previews/{other}.jpg").exists()
    assert anywhere(out, gone) == {"takedown.json"}


def test_a_search_sees_into_tables_tars_and_pictures(tmp_path):
    store, name, picture = Store(str(tmp_path)), "8f14e45f-ceea-467f-a7d0-4b1f0e2a6d3c", b"RIFFpicture"
    digest = {"2a5e2e5dd66a86a8a04f2c1c1d7e5e5a": 1}  # of nothing that is there
    media = {hashlib.sha256(picture).hexdigest(): len(picture)} | digest
    nested = pa.table(
        {"a": [[{"b": f"clips/{name}.mp4"}]], "bytes": [picture], "c": pa.array([name]).dictionary_encode()}
    )
    pq.write_table(nested, tmp_path / "t.parquet", compression="zstd")
    (tmp_path / ".hidden").write_text(f"{name} {name}")
    (tmp_path / f"{name}.json").write_text("{}")
    (tmp_path / "page.html").write_text(f'<img src="data:image/webp;base64,{base64.b64encode(picture).decode()}">')
    (tmp_path / "clean.txt").write_text("8f14e45f-ceea-467f-a7d0-4b1f0e2a6d3d")
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        member = tarfile.TarInfo("other.mp4")
        member.size = len(picture)
        tar.addfile(member, io.BytesIO(picture))

    seen = search(store, {name}, media, everything(store))

    shown = f"media of SHA-256 {hashlib.sha256(picture).hexdigest()}"
    assert set(seen.found) == {
        f"{name} in .hidden",
        f"the name {name}.json",
        f"{shown} in page.html",
        f"{name} in t.parquet",
        f"{shown} in t.parquet",
        f"{shown} in x.tar",
    }
    assert (seen.files, seen.num_bytes) == (6, sum(path.stat().st_size for path in tmp_path.iterdir()))


def test_an_id_across_the_border_of_two_chunks_is_found(tmp_path, monkeypatch):
    name = "8f14e45f-ceea-467f-a7d0-4b1f0e2a6d3c"
    (tmp_path / "x.bin").write_bytes(b"." * 50 + name.encode())
    monkeypatch.setattr("vidcurate.stage.gone.CHUNK", 64)

    assert search(Store(str(tmp_path)), {name}, {}, ["x.bin"]).found == (f"{name} in x.bin",)


def test_rows_go_and_mentions_are_blanked():
    table = pa.table(
        {"id": ["a", "b", "c"], "max_id": ["a", "a", "x"], "cosine_sim_score": pa.array([0.0, 0.9, 0.5], pa.float32())}
    )

    assert without(table, frozenset({"x"})).to_pylist() == [
        {"id": "a", "max_id": "a", "cosine_sim_score": 0.0},
        {"id": "b", "max_id": "a", "cosine_sim_score": pytest.approx(0.9)},
        {"id": "c", "max_id": "c", "cosine_sim_score": 0.0},
    ]
    assert without(table, frozenset({"a"}))["id"].to_pylist() == ["b", "c"]
