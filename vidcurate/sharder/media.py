"""A clip's file, opened once it is sure that it is there and as large as the tables say."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

from vidcurate.errors import MissingInput, VidcurateError
from vidcurate.sharder.base import Sample
from vidcurate.store.files import Store


@contextmanager
def open_media(store: Store, sample: Sample) -> Iterator[io.RawIOBase]:
    """The file of a sample's clip, at its first byte; unbuffered if it is local.

    Args:
        store: holds the clips.
        sample: whose clip.

    Raises:
        MissingInput: the file is gone.
        VidcurateError: it is not as large as the tables say.
    """
    where = store.path(sample.media)
    try:
        media: io.RawIOBase = io.FileIO(where) if store.is_local else store.fs.open(where, "rb")
    except FileNotFoundError as error:
        raise MissingInput(
            f"{where} is in the tables but not in the dataset. Remove the record of its video from processed_videos/ "
            "and run +experiment=split again"
        ) from error
    with media:
        size = media.seek(0, io.SEEK_END)
        media.seek(0)
        if size != sample.num_bytes:
            raise VidcurateError(
                f"{where} has {size} bytes, but the tables say {sample.num_bytes}: it was changed after split"
            )
        yield media
