"""A dataset of a stranger's leads nowhere: neither its tables, nor its links, nor its lists of shards, nor its tars."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace

import pyarrow as pa
import pytest

from tests.stage.cut import cut
from vidcurate.data.shards import Shards
from vidcurate.errors import ShapeError, StoreError
from vidcurate.stage.adopt import adopt
from vidcurate.stage.settle import write_tables
from vidcurate.stage.unpack import unpack
from vidcurate.store.files import Store


def stranger(tmp_path, **columns: str) -> Store:
    """A dataset of one clip, with this in its columns."""
    tables = cut(["a"])
    clips = tables.clips
    for name, value in columns.items():
        clips = clips.set_column(clips.schema.get_field_index(name), clips.schema.field(name), pa.array([value]))
    store = Store(str(tmp_path / "theirs"))
    (tmp_path / "theirs/clips").mkdir(parents=True)
    (tmp_path / "theirs/clips/a.mp4").write_bytes(b"x" * 1000)
    write_tables(store, replace(tables, clips=clips), "x", embeddings="e")
    return store


def test_what_vidcurate_has_named_is_adopted(tmp_path):
    assert adopt(Store(str(tmp_path / "ours")), stranger(tmp_path).url).clips.num_rows == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"uri": "../../etc/passwd"},
        {"uri": "/etc/passwd"},
        {"uri": "clips/b.mp4"},
        {"uri": "clips/../clips/a.mp4"},
        {"clip_id": "../a", "uri": "clips/../a.mp4"},
        {"clip_id": "a/b", "uri": "clips/a/b.mp4"},
        {"clip_id": ".a", "uri": "clips/.a.mp4"},
        {"clip_id": "a\0", "uri": "clips/a\0.mp4"},
        {"clip_id": "", "uri": "clips/.mp4"},
    ],
    ids=str,
)
def test_clips_that_lead_elsewhere_are_refused(tmp_path, columns):
    theirs = stranger(tmp_path, **columns)

    with pytest.raises(ShapeError, match="clips that no split of vidcurate has named"):
        adopt(Store(str(tmp_path / "ours")), theirs.url)
    assert not (tmp_path / "ours/tables").exists()


def test_a_clip_that_is_a_link_out_of_the_dataset_is_refused(tmp_path):
    theirs = stranger(tmp_path)
    clip = tmp_path / "theirs/clips/a.mp4"
    clip.rename(tmp_path / "theirs/real.mp4")
    clip.symlink_to(tmp_path / "theirs/real.mp4")
    assert adopt(Store(str(tmp_path / "ours")), theirs.url).clips.num_rows == 1

    (tmp_path / "private").write_bytes(b"x" * 1000)
    clip.unlink()
    clip.symlink_to(tmp_path / "private")

    with pytest.raises(ShapeError, match=r"1 files are links to elsewhere, e\.g\. clips/a\.mp4"):
        adopt(Store(str(tmp_path / "other")), theirs.url)


@pytest.mark.parametrize("path", ["../secret.tar", "x/../../secret.tar", "a\0.tar", "..\\secret.tar"])
def test_a_list_of_shards_names_none_outside(tmp_path, path):
    (tmp_path / "data").mkdir()
    entry = {"path": path, "subset": "train", "bins": {}, "num_samples": 1}
    (tmp_path / "data/index.json").write_text(json.dumps({"shards": [entry]}))
    (tmp_path / "secret.tar").write_bytes(b"")
    shards = Shards(str(tmp_path / "data"))

    with pytest.raises(StoreError, match="leads out of"):
        shards.table(shards.listed("train")[0])


def tar(path, *members: tarfile.TarInfo) -> None:
    with tarfile.open(path, "w") as file:
        for member in members:
            file.addfile(member, io.BytesIO(bytes(member.size)) if member.isfile() else None)


@pytest.mark.parametrize("name", ["../evil.mp4", "/tmp/evil.mp4", "a/b.mp4", "..\\evil.mp4"])
def test_a_tar_is_not_unpacked_to_elsewhere(tmp_path, name):
    folder, member = tmp_path / "in", tarfile.TarInfo(name)
    folder.mkdir()
    member.size = 4
    tar(tmp_path / "x.tar", member)

    with pytest.raises(ShapeError, match="is no file of a sample"):
        unpack(Store(str(tmp_path)), "x.tar", "train", (), folder)
    assert list(folder.iterdir()) == []


def test_links_in_a_tar_are_not_followed(tmp_path):
    member = tarfile.TarInfo("a.mp4")
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/hostname"
    tar(tmp_path / "x.tar", member)

    with pytest.raises(ShapeError, match="is no file of a sample"):
        unpack(Store(str(tmp_path)), "x.tar", "train", (), tmp_path)
