"""Each fault is made in a real dataset, found under the check that it belongs to, and nothing else is blamed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import fsspec
import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.stage.verify.damage import (
    FOLDER,
    SHARDER,
    change_json,
    members,
    reseal,
    rewrite,
    rewrite_table,
    shards,
    tars,
)
from tests.stage.verify.made import RECIPE, verified
from vidcurate import curate
from vidcurate.dedup.leader import Leader
from vidcurate.errors import MissingExtra, MissingInput
from vidcurate.recipe import Verify
from vidcurate.registry import registered
from vidcurate.sharder.checksums import write_checksums
from vidcurate.stage.neighbours import FOLDER as NEIGHBOURS
from vidcurate.stage.shard import stored_shards
from vidcurate.stage.verify.decode import is_drawn
from vidcurate.stage.verify.loaders import check_loaders
from vidcurate.stage.verify.readers import LOADERS
from vidcurate.store.files import Store

DECISIONS = "semantic/decisions/eps=0.01/part-0.parquet"
CLIPS = "tables/clips/part-0.parquet"
CAPTIONS = "tables/captions/part-0.parquet"


@pytest.fixture
def dataset(made, tmp_path) -> Path:
    return shutil.copytree(made, tmp_path / "dataset")


def recaption(found):
    (name, content), (text, _), *others = found
    return [(name, json.dumps(json.loads(content) | {"caption": "other"}).encode()), (text, b"other"), *others]


def flip_a_byte(root: Path) -> None:
    tar = bytearray(tars(root)[0].read_bytes())
    tar[len(tar) // 2] ^= 1
    tars(root)[0].write_bytes(tar)


def cut_off(root: Path) -> None:
    tars(root)[1].write_bytes(tars(root)[1].read_bytes()[:-2000])


def rename_a_sample(root: Path) -> None:
    rewrite(root, 0, lambda found: [(f"foreign.{name.partition('.')[2]}", data) for name, data in found])


def pack_twice(root: Path) -> None:
    first = members(tars(root)[0])
    rewrite(root, 1, lambda found: found + first)


def separate(found):
    return [*found[:2], *found[3:], found[2]]


def mix_two_samples(root: Path) -> None:
    second = members(tars(root)[1])
    rewrite(root, 0, lambda found: separate(found + second))
    for path in (root / FOLDER).glob(f"{shards(root)[1].name}*"):
        path.unlink()
    reseal(root)


def share_a_video_with_validation(root: Path) -> None:
    of_one_video = next(video for video, places in _places(root).items() if len(places) > 1)
    place = _places(root)[of_one_video][0]
    if "subset" in json.loads(members(tars(root)[place])[0][1]):
        rewrite(root, place, change_json(subset="val"))
    reseal(root, number=place, subset="val")


def _places(root: Path) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, tar in enumerate(tars(root)):
        found.setdefault(json.loads(members(tar)[0][1])["video_id"], []).append(place)
    return found


def change_a_clip(root: Path, change: Callable[[bytes], bytes]) -> None:
    """Give a clip other bytes, in `clips/` and in its sample alike."""
    name, content = members(tars(root)[0])[2]
    (root / "clips" / name).write_bytes(change(content))
    rewrite(root, 0, lambda found: [*found[:2], (name, change(content))])


def zero_the_end(clip: bytes) -> bytes:
    start, size = clip.index(b"mdat"), int.from_bytes(clip[clip.index(b"mdat") - 4 :][:4])
    cut = start + int(0.7 * size)
    return clip[:cut] + bytes(300) + clip[cut + 300 :]


def tag_media(root: Path) -> None:
    """The name of a track is another; no frame is."""
    rewrite(root, 0, lambda found: [*found[:2], (found[2][0], found[2][1].replace(b"VideoHandler", b"videoHandler"))])


def move_an_offset(root: Path) -> None:
    key = tars(root)[0].with_suffix(".parquet").relative_to(root).as_posix()
    rewrite_table(root, key, lambda rows: [row | {"mp4_offset": row["mp4_offset"] + 512} for row in rows])
    reseal(root)


def move_a_line(root: Path) -> None:
    path = tars(root)[0].with_suffix(".idx")
    path.write_text(path.read_text().replace("mp4 ", "mp4 1"))
    reseal(root)


def forget_a_video(root: Path) -> None:
    rewrite_table(root, "tables/videos/part-0.parquet", lambda rows: rows[1:])


def spoil_a_vector(root: Path) -> None:
    file = sorted((root / "histogram_embd_parquet").iterdir())[0].relative_to(root).as_posix()
    rewrite_table(root, file, lambda rows: [rows[0] | {"embedding": [np.nan] * 256}, *rows[1:]])


def orphan(root: Path) -> None:
    group = next(row["group_id"] for row in pq.read_table(root / DECISIONS).to_pylist() if not row["kept"])
    gone = {"kept": False, "witness_id": "x", "group_id": "x", "reason": "semantic_duplicate"}
    rewrite_table(root, DECISIONS, lambda rows: [row | gone if row["id"] == group else row for row in rows])


def keep_both(root: Path) -> None:
    both = {"kept": True, "witness_id": None, "reason": ""}
    rewrite_table(root, DECISIONS, lambda rows: [row if row["kept"] else row | both for row in rows])


def forget_a_clip(root: Path) -> None:
    rewrite_table(root, DECISIONS, lambda rows: [row for row in rows if row["kept"]])


def lie_in_the_index(root: Path) -> None:
    path = root / FOLDER / "index.json"
    path.write_text(path.read_text().replace('"num_samples": 1', '"num_samples": 9', 1))
    write_checksums(Store(str(root)), FOLDER, shards(root))


def spoil(key: str) -> Callable[[Path], None]:
    """What is in a file is neither JSON nor a table; SHA256SUMS is written for that."""

    def damage(root: Path) -> None:
        (root / key).write_bytes(b"{\xff")
        write_checksums(Store(str(root)), FOLDER, shards(root))

    return damage


def spoil_a_record(root: Path) -> None:
    (root / FOLDER / f"{shards(root)[0].name}_shard.json").write_text("[")


FAULTS: list[tuple[Callable[[Path], object], str, str]] = [
    (flip_a_byte, "shards/files", "has other bytes than were written"),
    (cut_off, "shards/files", "bytes, its record says"),
    (lambda root: tars(root)[0].unlink(), "shards/files", "is not there"),
    (lambda root: (root / FOLDER / "old.tar").touch(), "shards/files", "old.tar is of no shard"),
    (rename_a_sample, "shards/membership", "sample 'foreign' is of no clip that stays"),
    (pack_twice, "shards/keys", "2 samples have the key"),
    (mix_two_samples, "shards/samples", "are not side by side"),
    (lambda root: rewrite(root, 0, lambda found: [found[1], found[0], found[2]]), "shards/samples", "expected json"),
    (lambda root: rewrite(root, 0, change_json(num_frames=9)), "shards/metadata", "num_frames 9, expected 10"),
    (lambda root: rewrite(root, 0, change_json(extra=1)), "shards/metadata", "other keys than those of all: extra"),
    (lambda root: rewrite(root, 0, lambda found: [(found[0][0], b"{"), *found[1:]]), "shards/metadata", "its .json"),
    (tag_media, "shards/media", "holds other bytes than its clip"),
    (move_an_offset, "shards/sidecars", "row 0: mp4_offset"),
    (move_a_line, "shards/sidecars", "sample 0: 'json "),
    (lambda root: rewrite(root, 0, recaption), "shards/metadata", "caption 'other', expected ''"),
    (share_a_video_with_validation, "shards/subsets", "is in train and val"),
    (lie_in_the_index, "shards/index", "num_samples 9, its record 1"),
    (lambda root: (root / FOLDER / "wids.json").write_text("{}"), "shards/checksums", "wids.json has other bytes"),
    (lambda root: (root / FOLDER / "_commit.json").unlink(), "shards/index", "packing has not ended"),
    (lambda root: next((root / "clips").iterdir()).unlink(), "tables/files", "is not there"),
    (lambda root: (root / "clips" / "new.mp4").touch(), "tables/files", "clips/new.mp4 is a file of no clip"),
    (forget_a_video, "tables/rows", "which VIDEOS does not know"),
    (lambda root: (root / CLIPS).write_bytes(b"no table"), "tables/rows", "a file of tables/ cannot be read"),
    (spoil("run.json"), "dataset/run", "run.json cannot be read"),
    (spoil("tables/_commit.json"), "tables/rows", "tables/_commit.json: "),
    (spoil(DECISIONS), "tables/decisions", "semantic/decisions/eps=0.01 cannot be read"),
    (spoil(f"{DECISIONS.rpartition('/')[0]}/_commit.json"), "tables/decisions", "_commit.json: "),
    (spoil(f"{NEIGHBOURS}/_commit.json"), "tables/decisions", "the stored pairs cannot be read"),
    (spoil(f"{FOLDER}/_commit.json"), "shards/index", "is no commit record"),
    (spoil(f"{FOLDER}/index.json"), "shards/index", "is no index of shards"),
    (spoil(f"{FOLDER}/drops.parquet"), "shards/drops", "cannot be read"),
    (spoil_a_record, "shards/index", "is no record of a shard"),
    (spoil_a_vector, "tables/embeddings", "is empty or not finite"),
    (orphan, "tables/decisions", "orphan: clip"),
    (keep_both, "tables/decisions", "are both kept at a similarity of"),
    (forget_a_clip, "tables/decisions", "dedup has not seen it"),
    (lambda root: change_a_clip(root, zero_the_end), "decode/clips", "damaged packets or frames"),
    (lambda root: change_a_clip(root, lambda clip: clip.replace(b"x264", b"x265")), "decode/clips", "coded frames"),
]


@pytest.mark.parametrize(("damage", "check", "words"), FAULTS, ids=[f"{check}: {words}" for _, check, words in FAULTS])
def test_a_fault_is_found_under_its_check_and_nothing_else_is_blamed(dataset, damage, check, words):
    damage(dataset)

    blamed, message = verified(dataset)

    assert blamed == {check}
    assert words in message
    assert f"{check}: " in message
    assert "To do: " in message


def test_a_sound_dataset_passes_and_is_told_in_the_same_words_twice(dataset):
    recipe = replace(RECIPE, verify=Verify())
    before = {path: path.read_bytes() for path in dataset.rglob("*") if path.is_file()}

    assert verified(dataset, recipe) == (set(), "")
    said = (dataset / "verify.json").read_bytes(), (dataset / "verify.md").read_bytes()
    assert verified(dataset, recipe) == (set(), "")

    after = {path: path.read_bytes() for path in dataset.rglob("*") if path.is_file()}
    assert (after.pop(dataset / "verify.json"), after.pop(dataset / "verify.md")) == said
    assert after == before
    counts = {check["name"]: check["checked"] for check in json.loads(said[0])["checks"]}
    samples = ("samples", "media", "metadata", "keys", "membership")
    assert {counts[f"shards/{name}"] for name in samples} == {4}
    assert counts["shards/sidecars"] == 8
    installed = [name for name, loader in LOADERS.items() if "webdataset" in loader.sharders and not loader.absence]
    assert {"webdataset", "tarfile", "vidcurate"} <= set(installed)
    assert [counts[f"loaders/{name}"] for name in installed] == [4] * len(installed)
    assert counts["decode/clips"] == 4


def test_a_clip_that_is_dropped_and_not_listed_is_missed(dataset):
    [dropped] = [row["id"] for row in pq.read_table(dataset / DECISIONS).to_pylist() if not row["kept"]]
    rewrite_table(dataset, f"{FOLDER}/drops.parquet", lambda rows: [row for row in rows if row["id"] != dropped])
    write_checksums(Store(str(dataset)), FOLDER, shards(dataset))

    blamed, message = verified(dataset)

    assert blamed == {"shards/drops"}
    assert f"clip {dropped} is dropped, but {FOLDER}/drops.parquet does not say why" in message


def test_every_fault_is_told_at_once(dataset):
    flip_a_byte(dataset)
    (dataset / "clips" / "new.mp4").touch()
    rewrite(dataset, 1, change_json(num_frames=9))
    flip_a_byte(dataset)

    blamed, message = verified(dataset)

    assert blamed == {"shards/files", "tables/files", "shards/metadata"}
    assert "3 of" in message.splitlines()[0]


def test_what_made_the_shards_counts_not_the_config_of_the_day(dataset):
    other = replace(RECIPE, dedup=Leader(eps=0.2), sharder=replace(SHARDER, target_bytes=10))

    assert verified(dataset, other) == (set(), "")


@pytest.mark.parametrize("name", sorted(set(registered("sharder")) - {"webdataset"}))
@pytest.mark.filterwarnings("ignore")  # of litdata's
def test_shards_of_any_other_sharder_are_counted_and_held_against_their_checksums(dataset, name):
    sharder = registered("sharder")[name]()
    try:
        sharder.check()
    except MissingExtra as error:
        pytest.skip(str(error))
    recipe = replace(RECIPE, sharder=sharder, verify=Verify(sample=None))
    curate(recipe, out=str(dataset), steps=["shard", "verify"])
    checks = json.loads((dataset / "verify.json").read_text())["checks"]
    counts = {check["name"]: check["checked"] for check in checks}
    assert counts["shards/keys"] == counts["shards/membership"] == 4
    if name in LOADERS and not LOADERS[name].absence:
        assert counts[f"loaders/{name}"] == 4
    [record, *_] = stored_shards(Store(str(dataset)), sharder).values()
    file = dataset / record.files[0].key
    file.write_bytes(file.read_bytes()[:-1])

    assert verified(dataset, recipe)[0] == {"shards/files"}


def test_captions_that_are_newer_than_the_shards_are_no_fault_of_these(dataset):
    recipe = replace(RECIPE, sharder=replace(RECIPE.sharder, embedding=True))
    curate(recipe, out=str(dataset), steps=["shard"])
    window = {"start_frame": 0, "end_frame": 9, "caption": "new"}
    rows = [window | {"clip_id": clip} for clip in pq.read_table(dataset / CLIPS)["clip_id"].to_pylist()]
    rewrite_table(dataset, CAPTIONS, lambda _: rows)

    assert verified(dataset, recipe) == (set(), "")
    assert "4 captions are not those of the tables" in (dataset / "verify.md").read_text()
    curate(recipe, out=str(dataset), steps=["shard"])
    rewrite(dataset, 0, recaption)
    blamed, message = verified(dataset, recipe)
    assert blamed == {"shards/metadata"}
    assert "caption 'other', expected 'new'" in message


def test_the_tables_do_not_count_where_decisions_came_from_elsewhere(dataset):
    run = json.loads((dataset / "run.json").read_text())
    run["shard"]["config"]["decisions"] = "elsewhere"
    (dataset / "run.json").write_text(json.dumps(run))
    rename_a_sample(dataset)

    assert verified(dataset) == (set(), "")
    assert "decisions came from elsewhere" in (dataset / "verify.md").read_text()


def test_a_dataset_on_another_file_system_is_verified_too(made):
    fsspec.filesystem("memory").put(str(made), "/verified", recursive=True)

    curate(RECIPE, out="memory://verified", steps=["verify"])

    checks = {entry["name"]: entry for entry in Store("memory://verified").read_json("verify.json")["checks"]}
    assert checks["decode/clips"]["checked"] == 4
    assert checks["loaders/webdataset"]["note"] == "opens local datasets only"


def test_a_dataset_that_is_not_packed_yet_has_sound_tables(dataset):
    shutil.rmtree(dataset / "webdataset")
    (dataset / "run.json").unlink()

    assert verified(dataset) == (set(), "")
    assert "| shards | - | 0 | 0 | none are there |" in (dataset / "verify.md").read_text()


def test_shards_that_have_been_made_and_are_gone_are_missed(dataset):
    shutil.rmtree(dataset / "webdataset")

    blamed, _ = verified(dataset)

    assert blamed == {"shards/index", "shards/membership"}


def test_nothing_to_verify_is_an_error(tmp_path):
    with pytest.raises(MissingInput, match="neither tables nor shards"):
        curate(RECIPE, out=str(tmp_path), steps=["verify"])


def test_a_loader_that_raises_is_a_fault_and_the_next_one_is_tried(tmp_path):
    (tmp_path / "a.tar").write_bytes(b"no tar" * 1000)

    checks = list(
        check_loaders(Store(str(tmp_path)), SHARDER, ["a.tar"], {"x": 1}, ("webdataset", "tarfile"), is_whole=True)
    )

    assert [check.name for check in checks] == ["loaders/webdataset", "loaders/tarfile"]
    assert [check.faults for check in checks] == [1, 1]
    assert "it stops after 0 samples: ReadError" in checks[1].examples[0]


def test_the_draw_takes_its_share_and_a_larger_share_takes_more_of_the_same():
    keys = [f"clip-{number}" for number in range(2000)]

    tenth, half = ({key for key in keys if is_drawn(key, share, 0)} for share in (0.1, 0.5))

    assert 150 < len(tenth) < 250  # 200 expected, 3.7 standard deviations
    assert tenth < half
    assert {key for key in keys if is_drawn(key, 0.1, 1)} != tenth
    assert all(is_drawn(key, 1.0, 0) for key in keys)
