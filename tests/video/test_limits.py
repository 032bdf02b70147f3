"""A file that declares too much fails at once and takes no memory; one that lies fails when it shows."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.media import write_video
from vidcurate import Recipe, curate
from vidcurate.cluster.single import Single
from vidcurate.embedder.histogram import Histogram
from vidcurate.errors import MediaError, OverLimit, TooManyFailures
from vidcurate.preview.none import NoPreview
from vidcurate.records import Limits
from vidcurate.source.folder import Folder
from vidcurate.splitter.fixed import Fixed
from vidcurate.stage.settle import read_tables
from vidcurate.store.files import Store
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe

PIXELS = Limits(max_pixels=10**6)
MEASURED = """
import resource, sys
from vidcurate.errors import MediaError
from vidcurate.records import Limits
from vidcurate.video.probe import probe
before, name = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, "sound"
try:
    probe(sys.argv[1], Limits(max_pixels=10**6, max_duration=3600.0, max_decoded_bytes=2**40))
except MediaError as error:
    name = type(error).__name__
print(name, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def picture(width: int, height: int) -> bytes:
    """A black PNG, a thousandth of its pixels in size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    packer, row = zlib.compressobj(9), bytes(1 + 3 * width)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def pictures(path: Path, *sizes: tuple[int, int]) -> Path:
    """A video of PNGs, whatever their sizes; its header says 64 x 64."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "rgb24"
        for number, size in enumerate(sizes):
            packet = av.Packet(picture(*size))
            packet.stream, packet.pts, packet.dts, packet.is_keyframe = stream, number, number, True
            packet.time_base = Fraction(1, 25)
            container.mux(packet)
    return path


def patched(path: Path, box: bytes, offset: int, value: int) -> Path:
    """An MP4 with another 32-bit number at an offset from the name of a box."""
    data = bytearray(path.read_bytes())
    at = data.index(box) + offset
    data[at : at + 4] = struct.pack(">I", value)
    path.write_bytes(data)
    return path


@contextmanager
def counting() -> Iterator[tuple[int, list[socket.socket]]]:
    """A port of this machine, and the connections that it has been asked for."""
    server, asked = socket.create_server(("127.0.0.1", 0)), list[socket.socket]()

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                asked.append(connection)
                connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1], asked
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def measured(path: Path) -> tuple[str, int]:
    """What probing ends with, and how many MiB it took, in a process of its own."""
    command = [sys.executable, "-c", MEASURED, str(path)]
    name, kib = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stdout.split()
    return name, int(kib) // 1024


def test_a_picture_that_is_too_large_is_not_decoded(tmp_path):
    bomb = pictures(tmp_path / "bomb.mov", (6000, 6000))  # 108 MB of pixels in 300 kB

    name, mebibytes = measured(bomb)

    assert name in ("OverLimit", "UnreadableVideo")
    assert mebibytes < 40
    with pytest.raises(MediaError, match=r"source\.max_pixels"):
        probe(str(bomb), PIXELS)
    assert probe(str(bomb)).width == 6000


def test_a_video_that_declares_a_huge_picture_is_refused(tmp_path):
    with pytest.raises(OverLimit, match=r"a picture of 320 x 176 pixels; source\.max_pixels is 56319: raise it"):
        probe(str(write_video(tmp_path / "a.mp4", (5,))), Limits(max_pixels=320 * 176 - 1))
    assert probe(str(tmp_path / "a.mp4"), Limits(max_pixels=320 * 176)).num_frames == 5


def test_a_video_that_grows_on_the_way_is_cut_off_where_it_does(tmp_path):
    path = str(pictures(tmp_path / "growing.mov", (64, 64), (64, 64), (4000, 4000)))
    decoding = Decoding(path, probe(path, PIXELS), limits=PIXELS)

    assert [frame.width for _, frame in decoding] == [64, 64]
    assert decoding.errors == 1


@pytest.mark.parametrize(
    ("box", "offset", "value"),
    [(b"mdhd", 20, 2**32 - 1), (b"stts", 12, 10**9), (b"mvhd", 20, 2**32 - 1)],
    ids=["duration", "frames", "movie"],
)
def test_what_an_mp4_declares_takes_neither_time_nor_memory(tmp_path, box, offset, value):
    path = patched(write_video(tmp_path / "a.mp4", (10,)), box, offset, value)

    assert measured(path)[1] < 40


def test_a_duration_beyond_the_limit_is_refused(tmp_path):
    path = str(write_video(tmp_path / "a.mp4", (50,)))

    with pytest.raises(OverLimit, match=r"declares 2 s; source\.max_duration is 1 s"):
        probe(path, Limits(max_duration=1.0))
    with pytest.raises(OverLimit, match=r"declares 8448000 bytes of frames; source\.max_decoded_bytes is 8447999"):
        probe(path, Limits(max_decoded_bytes=50 * 320 * 176 * 3 - 1))


def test_a_video_that_lasts_longer_than_it_says_is_cut_off(tmp_path):
    path = str(write_video(tmp_path / "a.mp4", (50,)))

    with pytest.raises(OverLimit, match=r"lasts 1 s; source\.max_duration is 1 s"):
        list(Decoding(path, probe(path), limits=Limits(max_duration=1.0)))
    with pytest.raises(OverLimit, match=r"comes to 1689600 bytes of frames"):
        list(Decoding(path, probe(path), limits=Limits(max_decoded_bytes=9 * 320 * 176 * 3)))


def test_what_is_refused_is_told_the_others_go_on_and_a_higher_limit_lets_it_in(tmp_path):
    videos, out = tmp_path / "videos", tmp_path / "out"
    videos.mkdir()
    write_video(videos / "large.mp4", (10,))
    write_video(videos / "small.mp4", (10,), size=(160, 96))
    recipe = Recipe(
        splitter=Fixed(length=0.4, min_length=0.2),
        filter=(),
        embedder=Histogram(),
        cluster=Single(),
        preview=NoPreview(),
    )

    with pytest.raises(TooManyFailures, match="1 of 2 inputs failed"):
        curate(recipe, source=Folder(path=str(videos), max_pixels=20_000), out=str(out), steps=["split"])
    failure = read_tables(Store(str(out))).failures.to_pylist()
    assert [(row["uri"], row["reason"]) for row in failure] == [("large.mp4", "over_limit")]
    assert "320 x 176" in failure[0]["message"]

    assert curate(recipe, source=Folder(path=str(videos)), out=str(out), steps=["split"])["videos"]["kept"] == 2


def test_a_playlist_reaches_nothing_beyond_the_disk(tmp_path):
    with counting() as (port, asked):
        (tmp_path / "list.m3u8").write_text(
            f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n"
        )
        with pytest.raises(MediaError):
            probe(str(tmp_path / "list.m3u8"))
    assert asked == []
