"""The clips that the page shows: columns that its scripts read by row, and pictures as far as there is room."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.errors import MediaError
from vidcurate.report.dataset import Dataset
from vidcurate.report.packing import packed
from vidcurate.stage.publish import PREVIEWS
from vidcurate.stage.review.pictures import drawn_of
from vidcurate.stage.settle import clips_store
from vidcurate.store.files import Store
from vidcurate.store.mask import masked

log = logging.getLogger(__name__)

ALL = 50_000
"""Clips up to which the page holds every one; of more, those that its sections ask for."""
PICTURE_BYTES = 6_000_000
"""Of the pictures inside the page, at most; the others are links to the previews beside it."""
PICTURES = 400
"""Pictures inside the page at most: each is read from the store."""
DRAWN = 120
"""Of them, those that are drawn from the clip where split has drawn none."""
CAPTION_BYTES = 2_000_000
"""Of the captions of all clips; where they take more, only clips that are shown have theirs."""
CAPTION = 300
"""Letters of a caption."""
FATES = ("kept", "filtered", "duplicate")
"""What may become of a clip."""


class Clips:
    """Clips by row, in the order in which they were asked for.

    Attributes:
        all: whether all clips of the dataset are here, in the order of CLIPS; else those that are asked for.
    """

    def __init__(self, store: Store, dataset: Dataset) -> None:
        self._store, self._dataset = store, dataset
        self.all = dataset.clips.num_rows <= ALL
        names = dataset.clips["clip_id"].to_pylist() if self.all else []
        self._rows = {name: row for row, name in enumerate(names)}
        self._shown: dict[int, None] = {}

    def row(self, clip_id: str) -> int:
        """The row of a clip that is to be shown: its picture comes with the page, while there is room."""
        row = self.seek(clip_id)
        self._shown[row] = None
        return row

    def rows(self, clip_ids: Iterable[str]) -> list[int]:
        """The same of several."""
        return [self.row(clip_id) for clip_id in clip_ids]

    def seek(self, clip_id: str) -> int:
        """The row of a clip whose picture may stay beside the page."""
        return self._rows.setdefault(clip_id, len(self._rows))

    def seek_all(self, clip_ids: Iterable[str]) -> list[int]:
        """The same of several."""
        return [self.seek(clip_id) for clip_id in clip_ids]

    def data(self) -> dict[str, Any]:
        """What the scripts read of them: a value per row, packed where it is a number."""
        home = clips_store(self._store)
        names = pa.array(list(self._rows), pa.string())
        chosen = _aligned(self._dataset.clips, "clip_id", names)
        sources, source = self._sources(chosen)
        reasons, reason = self._reasons(names, chosen)
        numbers = {
            name: packed(pc.fill_null(chosen[name], 0).to_numpy().astype(kind))
            for name, kind in (("start", "f4"), ("duration", "f8"), ("width", "u2"), ("height", "u2"))
        }
        return {
            "all": self.all,
            "total": self._dataset.clips.num_rows,
            "ids": names.to_pylist(),
            "sources": sources,
            "source": packed(source),
            "reasons": reasons,
            "reason": packed(reason),
            **self._fates(names, chosen),
            "links": self._links(names, chosen),
            "base": _base(home) if home.url != self._store.url else "",
            "drawn": packed(self._drawn(home, names)),
            "captions": self._captions(names),
            **numbers,
        }

    def _sources(self, chosen: pa.Table) -> tuple[list[str], np.ndarray[Any, Any]]:
        """Sources, and their number by row; the last one, an empty text, is that of clips that have none."""
        videos = self._dataset.videos
        originals = videos.filter(pc.not_equal(videos["status"], "duplicate"))
        ids = pc.unique(pc.drop_null(chosen["video_id"]))
        uris = pc.fill_null(_aligned(originals, "video_id", ids)["uri"], "")
        number = pc.fill_null(pc.index_in(chosen["video_id"], value_set=ids), len(ids))
        return [*uris.to_pylist(), ""], number.to_numpy().astype(np.uint32)

    def _reasons(self, names: pa.Array, chosen: pa.Table) -> tuple[list[str], np.ndarray[Any, Any]]:
        """Reasons, and their number by row: why split dropped a clip, or else dedup; 0 is none."""
        reason, decisions = pc.fill_null(chosen["reason"], ""), self._dataset.decisions
        if decisions is not None:
            decided = pc.fill_null(_aligned(decisions, "id", names)["reason"], "")
            reason = pc.if_else(pc.equal(reason, ""), decided, reason)
        words = sorted({"", *pc.unique(reason).to_pylist()})
        number = pc.index_in(reason, value_set=pa.array(words, pa.string()))
        return words, number.to_numpy().astype(np.uint8 if len(words) < 256 else np.uint32)

    def _fates(self, names: pa.Array, chosen: pa.Table) -> dict[str, Any]:
        """What became of each: the number of its fate; of a duplicate the row of its witness, or -1, and the cosine."""
        fate = np.where(pc.fill_null(chosen["kept"], True).to_numpy(zero_copy_only=False), 0, 1)
        witness, similarity = np.full(len(names), -1), np.zeros(len(names))
        if (decisions := self._dataset.decisions) is not None:
            at = pc.index_in(names, value_set=decisions["id"])
            dropped = ~pc.fill_null(decisions["kept"].take(at), True).to_numpy(zero_copy_only=False)
            fate[dropped & (fate == 0)] = 2
            rows = pc.index_in(decisions["witness_id"].take(at), value_set=names)
            witness = np.where(dropped, pc.fill_null(rows, -1).to_numpy(), -1)
            similarity = np.where(dropped, pc.fill_null(decisions["similarity"].take(at), 0).to_numpy(), 0)
        return {
            "fates": FATES,
            "fate": packed(fate.astype(np.uint8)),
            "witness": packed(witness.astype(np.int32)),
            "similarity": packed(similarity.astype(np.float32)),
        }

    def _links(self, names: pa.Array, chosen: pa.Table) -> dict[str, Any]:
        """How clips are found: folders of `{clip_id}.mp4` and the number of its folder by row; 0 is none."""
        folders: list[str] = [""]
        number = np.zeros(len(names), np.uint8)
        for row, (name, uri) in enumerate(zip(names.to_pylist(), chosen["uri"].to_pylist(), strict=True)):
            if uri and uri.endswith(f"/{name}.mp4"):
                folder = uri[: -len(f"{name}.mp4")]
                if folder not in folders and len(folders) < 255:
                    folders.append(folder)
                number[row] = folders.index(folder) if folder in folders else 0
        return {"folders": [quote(folder) for folder in folders], "folder": packed(number)}

    def _drawn(self, home: Store, names: pa.Array) -> np.ndarray[Any, Any]:
        """Whether a preview lies beside the page, by row; where too many clips are to be listed, it is hoped for."""
        if not self.all:
            some = next(iter(home.names(PREVIEWS, ".jpg")), None) is not None
            return np.full(len(names), some, np.uint8)
        drawn = set(home.names(PREVIEWS, ".jpg"))
        return np.array([f"{name}.jpg" in drawn for name in names.to_pylist()], np.uint8)

    def _captions(self, names: pa.Array) -> dict[int, str]:
        """Text by row, of clips that have any."""
        table = self._dataset.captions
        wanted = names if self.all else names.take(pa.array(list(self._shown), pa.int64()))
        text = _texts(table.filter(pc.is_in(table["clip_id"], value_set=wanted)))
        if sum(map(len, text.values())) > CAPTION_BYTES:
            text = {name: text[name] for row in self._shown if (name := names[row].as_py()) in text}
        return {self._rows[name]: said for name, said in sorted(text.items(), key=lambda pair: self._rows[pair[0]])}

    def pictures(self, room: int) -> dict[int, str]:
        """Pictures as data URIs by row, of clips that are to be shown, in the order in which they were asked for.

        Args:
            room: bytes that the page has left for them.
        """
        home, found = clips_store(self._store), dict[int, str]()
        room, drawn = min(room, PICTURE_BYTES), 0
        rows = list(self._shown)[:PICTURES]
        names = list(self._rows)
        chosen = _aligned(self._dataset.clips, "clip_id", pa.array([names[row] for row in rows], pa.string()))
        for row, clip in zip(rows, chosen.to_pylist(), strict=True):
            if room <= 0:
                break
            if not clip["clip_id"]:
                continue
            preview = f"{PREVIEWS}/{clip['clip_id']}.jpg"
            try:
                if home.exists(preview):
                    picture = home.read(preview)
                elif clip["uri"] and clip["width"] and clip["height"] and drawn < DRAWN:
                    drawn += 1
                    picture = drawn_of(home, clip)
                else:
                    continue
            except (MediaError, OSError) as error:
                log.warning("report: no picture of %s: %s", clip["uri"], error)
                continue
            found[row] = f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
            room -= len(found[row])
        return found


def _aligned(table: pa.Table, key: str, names: pa.Array) -> pa.Table:
    """Of each name the row of a table that has it; nulls where none does."""
    found = table.filter(pc.is_in(table[key], value_set=names))
    return found.take(pc.index_in(names, value_set=found[key]))


def _texts(captions: pa.Table) -> dict[str, str]:
    """The first caption of each clip, the enhanced one where there is one."""
    best = pc.if_else(pc.equal(pc.fill_null(captions["enhanced_caption"], ""), ""), captions["caption"],
                      captions["enhanced_caption"])  # fmt: skip
    pairs = zip(captions["clip_id"].to_pylist()[::-1], best.to_pylist()[::-1], strict=True)
    return {name: text if len(text) <= CAPTION else f"{text[:CAPTION]}…" for name, text in pairs if text}


def _base(store: Store) -> str:
    """Address of another dataset, whose clips these are."""
    return f"{Path(store.root).as_uri()}/" if store.is_local else f"{masked(store.url).rstrip('/')}/"
