from __future__ import annotations

import io
import json
import re
import tarfile
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest
from hydra import compose, initialize_config_dir

from tests.stage.nemo import write_clip, write_scores, write_vectors
from vidcurate import Recipe, curate
from vidcurate.cluster.single import Single
from vidcurate.config import job
from vidcurate.dedup.base import Dedup
from vidcurate.dedup.leader import Leader
from vidcurate.dedup.none import KeepAll
from vidcurate.errors import ConfigError, MissingInput, VidcurateError
from vidcurate.groups import conf_dir
from vidcurate.records import Foreign
from vidcurate.sharder.base import Sharder
from vidcurate.sharder.cosmos import Cosmos
from vidcurate.sharder.webdataset import WebDataset
from vidcurate.stage.foreign import foreign_tables
from vidcurate.store.files import Store

KEEP_ALL = KeepAll()
README = Path(__file__).parents[2] / "README.md"
BIN = "resolution_720/aspect_ratio_16_9/duration_5_10"


def shard(out: Path, sharder: Sharder, foreign: Foreign, dedup: Dedup = KEEP_ALL, steps=("shard",), **options) -> dict:
    recipe = Recipe(sharder=sharder, dedup=dedup, cluster=Single())
    return curate(recipe, out=str(out), steps=steps, foreign=foreign, **options)


def by_readme(theirs: Path, ours: Path) -> None:
    """Run what the README has for the reference's `shard`."""
    [command] = re.findall(r"\| `shard --input-clip-path .*?\| `vidcurate (.*?)`", README.read_text(encoding="utf-8"))
    words = command.replace("=IN", f"={theirs}").replace("=OUT", f"={ours}").split()
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir())):
        checked = job(compose("config", overrides=words))
    assert checked.recipe.sharder == Cosmos()
    curate(checked.recipe, out=checked.out, steps=checked.steps, foreign=checked.foreign)


def faults(out: Path) -> dict[str, tuple[int, int]]:
    """What `verify` looks at and finds, but for clips that it decodes, which are none."""
    with pytest.raises(VidcurateError, match=r"1 of [0-9]* checks fail"):
        shard(out, WebDataset(), Foreign(), Leader(eps=0.01), ["verify"])
    checks = json.loads((out / "verify.json").read_text())["checks"]
    return {check["name"]: (check["checked"], check["faults"]) for check in checks if check["name"] != "decode/clips"}


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}


def caption_of(*windows: dict, caption_key: str | None = None, root: Path) -> list[tuple[str, str]]:
    for number, window in enumerate(windows):
        write_clip(root, f"c{number}", windows=[{"start_frame": 0, "end_frame": 191, **window}])
    rows = foreign_tables(Store(str(root)), caption_key).captions.to_pylist()
    return [(row["captioner"], row["caption"]) for row in rows]


def test_a_dataset_of_nemo_curator_comes_to_the_tables_that_split_writes(tmp_path):
    second = {"start_frame": 192, "end_frame": 400, "qwen_caption": "Then.", "qwen_lm_enhanced_caption": "Better."}
    first = write_clip(tmp_path, "a")["windows"][0]
    write_clip(tmp_path, "a", windows=[first, second])

    tables = foreign_tables(Store(str(tmp_path)))

    [clip], [video] = tables.clips.to_pylist(), tables.videos.to_pylist()
    walk = "27371937-b149-5da9-a260-71e17316203a"  # uuid5(NAMESPACE_URL, source_video), as there
    assert clip == {
        "clip_id": "a",
        "video_id": video["video_id"],
        "uri": "clips/a.mp4",  # wherever it was when it was cut
        "start": 1.0,
        "end": 9.0,
        "duration": 8.0,
        "width": 1280,
        "height": 720,
        "fps": 24.0,
        "num_frames": 192,
        "codec": "h264",
        "num_bytes": 3000,
        "has_audio": None,
        "encoder": None,
        "cut_verified": False,
        "kept": True,
        "reason": "",
    }
    assert (video["video_id"], video["uri"], video["status"]) == (walk, "/raid/videos/walk.mp4", "processed")
    scores = {(row["filter"], row["score"]): row["value"] for row in tables.scores.to_pylist()}
    assert scores == {
        ("motion_vectors", "global_mean"): 0.5,
        ("motion_vectors", "patch_min"): 0.25,
        ("aesthetic", "aesthetic"): 4.5,
    }
    captions = [(row["captioner"], row["caption"], row["enhanced_caption"]) for row in tables.captions.to_pylist()]
    assert captions == [("qwen", "Clip a.", ""), ("qwen", "Then.", "Better.")]


def test_what_cannot_be_packed_is_a_row_with_its_reason_and_is_counted(tmp_path, caplog):
    for name in "abc":
        write_clip(tmp_path, name)
    write_clip(tmp_path, "filtered", folder="filtered_clips", valid=False, windows=[])
    write_clip(tmp_path, "invalid-1", valid=False)
    write_clip(tmp_path, "invalid-2", valid=False, windows=[])
    write_clip(tmp_path, "no_file")
    (tmp_path / "clips" / "no_file.mp4").unlink()
    write_clip(tmp_path, "incomplete_meta", width=None)
    write_clip(tmp_path, "wrong_size", num_bytes=3001)
    (tmp_path / "clips" / "wrong_size.mp4").write_bytes(bytes(3000))
    write_clip(tmp_path, "unreadable_meta")
    (tmp_path / "metas" / "v0" / "unreadable_meta.json").write_text('{"span_uuid": "unr')
    write_clip(tmp_path, "no_meta")
    (tmp_path / "metas" / "v0" / "no_meta.json").unlink()

    clips = foreign_tables(Store(str(tmp_path))).clips.to_pylist()

    fates = {clip["clip_id"]: clip["reason"] for clip in clips}
    assert fates == {name: "" for name in "abc"} | {name: name.partition("-")[0] for name in fates.keys() - set("abc")}
    assert len(fates) == 11
    assert all(clip["kept"] == (not clip["reason"]) for clip in clips)
    assert "8 of 11 are left out" in caplog.text
    assert "invalid 2 (invalid-1, invalid-2); no_file 1 (no_file)" in caplog.text


def test_valid_says_nothing_where_no_clip_has_a_window(tmp_path):
    for name in "ab":
        write_clip(tmp_path, name, windows=[], valid=False, has_caption=False)

    assert foreign_tables(Store(str(tmp_path))).clips["kept"].to_pylist() == [True, True]


def test_a_place_without_clips_or_with_none_that_can_be_packed_is_an_error(tmp_path):
    with pytest.raises(MissingInput, match=r"expected the output of a split, with metas/v0/\*\.json"):
        foreign_tables(Store(str(tmp_path)))
    write_clip(tmp_path, "a", valid=False)
    with pytest.raises(MissingInput, match=r"none of 1 clips can be packed: invalid 1 \(a\)"):
        foreign_tables(Store(str(tmp_path)))


def test_the_caption_is_the_one_that_is_asked_for_or_that_all_windows_have(tmp_path):
    both, one = {"cosmos_r1_caption": "r1", "qwen_caption": "q"}, {"qwen_caption": "q"}

    assert caption_of(both, both, root=tmp_path / "1") == [("cosmos_r1", "r1")] * 2
    assert caption_of(both, one, root=tmp_path / "2") == [("qwen", "q")] * 2
    assert caption_of(both, one, caption_key="cosmos_r1", root=tmp_path / "3") == [
        ("cosmos_r1", "r1"),
        ("cosmos_r1", ""),
    ]
    assert caption_of(one, {}, root=tmp_path / "4") == [("qwen", "q"), ("qwen", "")]  # one of them has failed


def test_captions_that_cannot_be_told_apart_are_counted(tmp_path):
    with pytest.raises(MissingInput, match=r"in all 2 windows: qwen \(1\), gemini \(1\); choose one with caption_key="):
        caption_of({"qwen_caption": "q"}, {"gemini_caption": "g"}, root=tmp_path)
    with pytest.raises(MissingInput, match=r"none of 2 windows has a vlm_caption; there are: qwen \(1\), gemini \(1\)"):
        foreign_tables(Store(str(tmp_path)), "vlm")


def test_a_dataset_of_nemo_curator_is_packed_by_its_own_dedup_into_webdataset_and_cosmos(tmp_path):
    theirs = tmp_path / "theirs"
    for name in "abc":
        write_clip(theirs, name)
    write_scores(
        theirs / "semantic" / "extraction" / "semdedup_pruning_tables",
        ("a", "a", 0.0),
        ("c", "a", 0.2),
        ("b", "c", 0.995),
    )
    (theirs / "clips" / "d.mp4").write_bytes(b"without a meta")
    foreign = Foreign(clips=str(theirs), decisions=str(theirs / "semantic"))

    summary = shard(tmp_path / "ours", WebDataset(), foreign, Leader(eps=0.01))
    by_readme(theirs, tmp_path / "ours")

    assert summary["dedup"] == {"eps": 0.01, "kept": 2, "removed": 1, "total": 3}
    assert summary["shards"]["samples"] == 2
    packed = members(tmp_path / "ours" / "webdataset" / "v0" / BIN / "000000.tar")
    assert packed["c.mp4"] == (theirs / "clips" / "c.mp4").read_bytes()
    assert packed["c.txt"] == b"Clip c."
    assert json.loads(packed["c.json"])["source_video"] == "/raid/videos/walk.mp4"
    assert {name for name in packed if name.endswith(".mp4")} == {"a.mp4", "c.mp4"}
    assert sorted(members(tmp_path / "ours" / "cosmos" / "v0" / BIN / "video" / "part_000000" / "000000.tar")) == [
        "a.mp4",
        "c.mp4",
    ]
    assert sorted(path.name for path in theirs.iterdir()) == ["clips", "metas", "semantic"]  # nothing is written there
    drops = Store(str(tmp_path / "ours")).read_table("webdataset/v0/drops.parquet").to_pylist()
    assert [(row["id"], row["reason"], row["witness_id"]) for row in drops] == [
        ("b", "semantic_duplicate", "c"),
        ("d", "no_meta", None),
    ]
    found = faults(tmp_path / "ours")
    assert (found["tables/files"], found["shards/media"], found["shards/membership"]) == ((4, 0), (2, 0), (2, 0))
    assert not any(wrong for _, wrong in found.values())


def test_their_embeddings_are_deduplicated_here_and_their_clips_packed_by_that(tmp_path):
    theirs = tmp_path / "theirs"
    for name in "abc":
        write_clip(theirs, name)
    write_vectors(theirs, a=(1.0, 0.0), b=(0.0, 1.0), c=(1.0, 0.001))
    recipe, embeddings = Leader(eps=0.01), str(theirs / "iv2_embd_parquet")
    shard(tmp_path / "ours", WebDataset(), Foreign(), recipe, ["dedup"], embeddings=embeddings)

    summary = shard(tmp_path / "ours", WebDataset(), Foreign(clips=str(theirs)), recipe)
    again = shard(tmp_path / "ours", WebDataset(), Foreign(), recipe)  # it knows now where its clips are
    at_once = shard(
        tmp_path / "2", WebDataset(), Foreign(clips=str(theirs)), recipe, ["dedup", "shard"], embeddings=embeddings
    )

    assert summary["shards"] == again["shards"]
    assert summary["shards"]["samples"] == at_once["shards"]["samples"] == 2
    with pytest.raises(MissingInput, match=r"nothing there; run \+experiment=dedup"):
        shard(tmp_path / "other", WebDataset(), Foreign(clips=str(theirs)), recipe)


def test_what_was_taken_down_does_not_come_in_again(tmp_path):
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    write_clip(theirs, "walk-1")
    write_clip(theirs, "other-1", source_video="/raid/videos/other.mp4")
    shard(ours, WebDataset(), Foreign(clips=str(theirs)))

    shard(
        ours,
        WebDataset(),
        Foreign(),
        steps=["takedown"],
        source_ids=[str(uuid5(NAMESPACE_URL, "/raid/videos/walk.mp4"))],
    )
    summary = shard(ours, WebDataset(), Foreign(clips=str(theirs)))

    assert summary["clips"]["kept"] == summary["shards"]["samples"] == 1
    assert set(members(ours / "webdataset" / "v0" / BIN / "000000.tar")) == {
        "other-1.json",
        "other-1.txt",
        "other-1.mp4",
    }
    assert (theirs / "clips" / "walk-1.mp4").exists()


def test_clips_of_another_dataset_are_not_split(tmp_path):
    with pytest.raises(ConfigError, match="split cuts clips of its own"):
        shard(tmp_path, WebDataset(), Foreign(clips=str(tmp_path)), steps=["split", "shard"])
