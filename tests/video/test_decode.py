from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media import read_number
from vidcurate.errors import DecodeError, MediaError
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe


def decode(path: Path) -> tuple[Decoding, list[int], list[int]]:
    """The pass, the ticks, and the numbers stamped on the frames."""
    decoding = Decoding(str(path), probe(str(path)))
    seen = [(at, read_number(frame.to_ndarray(format="rgb24"))) for at, frame in decoding]
    return decoding, [at for at, _ in seen], [number for _, number in seen]


def test_every_frame_is_shown_once_in_presentation_order(make_video):
    decoding, ticks, numbers = decode(make_video(shots=(20, 30)))

    assert numbers == list(range(50))
    assert ticks == [512 * number for number in range(50)]  # 25 fps in ticks of 1/12800 s
    assert (decoding.num_frames, decoding.errors, decoding.end, decoding.warnings) == (50, 0, 50 * 512, ())


def test_two_passes_show_the_same_frames_at_the_same_times(make_video):
    path = str(make_video("a.ts", shots=(30,)))
    decoding = Decoding(path, probe(path))
    first, second = ([(at, frame.to_ndarray().tobytes()) for at, frame in decoding] for _ in range(2))

    assert first == second
    assert decoding.num_frames == 30


def test_variable_frame_rates_keep_their_timestamps(make_video):
    times = [0, 1, 2, 30, 31, 75, 76, 90]
    _, ticks, numbers = decode(make_video("a.mkv", shots=(8,), fps=Fraction(100), times=times))

    assert numbers == list(range(8))
    assert ticks == [10 * time for time in times]  # Matroska counts milliseconds


def test_ticks_of_avi_with_b_frames_rise(make_video):
    _, ticks, numbers = decode(make_video("a.avi", shots=(25,)))

    assert numbers == list(range(25))
    assert all(np.diff(ticks) > 0)


def test_a_cut_off_file_gives_what_it_has_and_says_what_is_missing(make_video, tmp_path):
    path = _faststart(make_video(shots=(60,), gop=10), tmp_path / "fast.mp4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    decoding, _, numbers = decode(path)

    assert 10 < len(numbers) < 50
    assert numbers == list(range(len(numbers)))
    assert decoding.warnings[0] == f"decoded {len(numbers)} of 60 frames"


def test_a_cut_off_file_without_count_is_measured_by_its_duration(make_video):
    path = make_video("a.mkv", shots=(60,), gop=10)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    decoding, _, numbers = decode(path)

    assert numbers == list(range(len(numbers)))
    assert decoding.warnings[0] == f"decoded {len(numbers) / 25:.2f} of 2.40 s"


def test_damaged_frames_are_skipped_and_counted(make_video):
    path = make_video(shots=(60,), gop=10)
    data, rng = bytearray(path.read_bytes()), np.random.default_rng(3)
    start = data.index(b"mdat") + 4000
    for offset in rng.integers(start, start + (len(data) - start) // 2, 40):
        data[offset] ^= 0xFF
    path.write_bytes(data)
    decoding, ticks, numbers = decode(path)

    assert 20 <= len(numbers) < 60
    assert all(np.diff(ticks) > 0)
    assert numbers[-20:] == list(range(40, 60))  # the second half is whole
    assert decoding.errors > 0
    assert f"skipped {decoding.errors} damaged packets or frames" in decoding.warnings


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "mpeg2video"])
def test_a_stream_that_starts_amid_a_group_begins_at_its_next_key_frame(make_video, codec):
    path = make_video("a.ts", shots=(60,), gop=25, codec=codec)
    data = path.read_bytes()
    path.write_bytes(data[len(data) // 6 // 188 * 188 :])
    _, _, numbers = decode(path)

    assert numbers[0] > 0
    assert numbers == list(range(numbers[0], 60))


def test_a_stream_without_one_whole_frame_is_an_error(make_video):
    path = make_video(shots=(20,))
    data = path.read_bytes()
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    path.write_bytes(data[:start] + bytes(end - start) + data[end:])

    with pytest.raises(DecodeError, match="no frame can be decoded"):
        decode(path)


def test_recordings_that_were_joined_play_one_after_the_other(make_video):
    first, second = (make_video(f"{name}.ts", shots=(50,), times=range(50)) for name in "ab")
    first.write_bytes(first.read_bytes() + second.read_bytes())
    decoding, ticks, numbers = decode(first)

    assert numbers == [*range(50), *range(50)]
    assert set(np.diff(ticks)) == {3600}
    assert decoding.repaired == 1


def test_a_matrix_that_swscale_does_not_know_is_ignored(make_video):
    path = make_video(shots=(5,))
    decoding = Decoding(str(path), probe(str(path)))

    assert {frame.colorspace for _, frame in decoding} <= {0, 1, 2, 4, 5, 6, 7, 9}


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "frames"),
    [  # as FFmpeg's own program counts them in MANIFEST.json, less what the decoder calls corrupt
        ("truncated_faststart.mp4", 24),
        ("truncated.mkv", 47),
        ("truncated.webm", 38),
        ("mid_gop_start.ts", 4),
        ("invalid_nalu.mp4", 29),
        ("decord_corrupted.mp4", 48),
        ("one_frame.mp4", 1),
        ("tiny_8x8.webm", 1),
    ],
)
def test_broken_files_give_what_can_be_read(corpus, name, frames):
    path = str(corpus / "broken" / name)
    decoding = Decoding(path, probe(path))

    assert sum(1 for _ in decoding) == frames
    assert bool(decoding.warnings) == (name != "one_frame.mp4")


@pytest.mark.corpus
def test_no_broken_file_ends_in_anything_but_frames_or_our_own_errors(corpus):
    entries = json.loads((corpus / "MANIFEST.json").read_text())["broken"]
    refused = set()
    for entry in entries:
        path = str(corpus / entry["file"])
        try:
            assert sum(1 for _ in Decoding(path, probe(path))) > 0
        except MediaError:
            refused.add(Path(path).name)

    assert refused == {
        "audio_only.mp4", "encrypted_cenc.mp4", "ftyp_mdat_header_only.mp4", "html_404_renamed.webm",
        "jpeg_renamed.mp4", "no_moov_truncated.mp4", "random_bytes.mkv", "text_renamed.mp4", "tiny_no_tracks.mp4",
        "zero_bytes.mp4",
    }  # fmt: skip


def _faststart(source: Path, path: Path) -> Path:
    with av.open(str(source)) as origin, av.open(str(path), "w", container_options={"movflags": "faststart"}) as target:
        copy = target.add_stream_from_template(origin.streams.video[0])
        for packet in origin.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
    return path
