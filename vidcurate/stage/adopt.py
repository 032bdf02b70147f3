"""Tables taken over from another dataset, whose clips stay where they are: of vidcurate, or what metas come to."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from vidcurate.errors import ConfigError, ShapeError
from vidcurate.stage.clean import without
from vidcurate.stage.foreign import foreign_tables
from vidcurate.stage.place import FILTERED, KEPT
from vidcurate.stage.settle import FOLDER as TABLES
from vidcurate.stage.settle import Tables, clips_store, read_tables, write_tables
from vidcurate.store.commit import committed
from vidcurate.store.files import Store

PLACE = "clips"
"""What the record of such tables says beside; see `clips_store`."""


def adopt(store: Store, root: str, caption_key: str | None = None, *, barred: Collection[str] = ()) -> Tables:
    """Make the tables of another dataset those of a new one, which from then on knows where its clips are.

    Args:
        store: the new dataset.
        root: what vidcurate, NeMo Curator or cosmos-curate has split.
        caption_key: as `foreign_tables` has it.
        barred: ids of videos of which nothing may come in.

    Raises:
        ConfigError: the new dataset has clips of its own, or there is nothing to choose by `caption_key`.
        MissingInput: as `foreign_tables` has it.
        ShapeError: its clips have names that are none of ours.
    """
    record = committed(store, TABLES)
    if record and PLACE not in record:
        raise ConfigError([f"clips={root}: {store.url} holds a split of its own; give another out=..."])
    source = clips_store(Store(root))
    known = committed(source, TABLES)
    if not known or PLACE in known:
        tables = _without(foreign_tables(source, caption_key), barred)
        demand_ours(source, tables.clips)
        write_tables(store, tables, "foreign", clips=source.url)
        return tables
    if caption_key is not None:
        raise ConfigError([f"caption_key={caption_key}: {source.url} is a dataset of vidcurate, with one caption each"])
    tables = _without(read_tables(source), barred)
    demand_ours(source, tables.clips)
    write_tables(store, tables, known["fingerprint"], clips=source.url, embeddings=known["embeddings"])
    return tables


def demand_ours(source: Store, clips: pa.Table) -> None:
    """Refuse clips whose ids, files or links lead elsewhere, out of their folder or of a tar that is unpacked.

    Raises:
        ShapeError: there are some.
    """
    ids, uris = clips["clip_id"], clips["uri"]
    plain = pc.and_(pc.match_substring_regex(ids, r"^[^/\\\x00-\x1f]+$"), pc.invert(pc.starts_with(ids, ".")))
    files = [pc.binary_join_element_wise(folder, ids, "") for folder in (f"{KEPT}/", f"{FILTERED}/")]
    ours = [pc.equal(uris, pc.binary_join_element_wise(file, ".mp4", "")) for file in files]
    sound = pc.and_(pc.fill_null(plain, False), pc.fill_null(pc.or_(*ours), True))
    odd = clips.filter(pc.invert(sound)).select(["clip_id", "uri"]).slice(0, 3).to_pylist()
    if odd:
        some = ", ".join(f"{row['clip_id']!r} in {row['uri']!r}" for row in odd)
        raise ShapeError(
            f"clips={source.url}: clips that no split of vidcurate has named, e.g. {some}; do not trust it"
        )
    out = [uri for uri in uris.drop_null().to_pylist() if source.is_local and _leads_out(source, uri)]
    if out:
        raise ShapeError(
            f"clips={source.url}: {len(out)} files are links to elsewhere, e.g. {out[0]}; copy what they name"
        )


def _leads_out(source: Store, uri: str) -> bool:
    path = Path(source.path(uri))
    return path.is_symlink() and not path.resolve().is_relative_to(Path(source.root).resolve())


def _without(tables: Tables, videos: Collection[str]) -> Tables:
    """Tables without some videos, and what is of them."""
    ours = pc.is_in(tables.clips["video_id"], value_set=pa.array(sorted(videos), pa.string()))
    gone = frozenset(videos) | frozenset(tables.clips.filter(ours)["clip_id"].to_pylist())
    return Tables(**{name: without(getattr(tables, name), gone) for name in Tables.__slots__}) if gone else tables
