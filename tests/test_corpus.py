"""Real and broken files of the optional corpus, through the whole workflow."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from vidcurate import Recipe, curate
from vidcurate.embedder.histogram import Histogram
from vidcurate.errors import TooManyFailures
from vidcurate.source.folder import Folder
from vidcurate.source.list import ListFile
from vidcurate.splitter.whole import Whole
from vidcurate.transcoder.copy import Copy
from vidcurate.transcoder.h264 import H264
from vidcurate.transcoder.smart import Smart
from vidcurate.video.decode import Decoding
from vidcurate.video.probe import probe

pytestmark = [pytest.mark.corpus, pytest.mark.slow]

RECIPE = Recipe(splitter=Whole(), embedder=Histogram())

# What MANIFEST.json expects of each file, in our words. FFmpeg 8, which PyAV carries, can decode VVC.
BROKEN = {
    "-video-with-dash-1x1.mp4": ("failed", "encode_error"),
    "audio_only.mp4": ("failed", "unreadable_video"),
    "bitflips_in_mdat.mp4": ("processed", ""),
    "codec_vvc_unsupported.mp4": ("processed", ""),
    "decord_corrupted.mp4": ("processed", ""),
    "encrypted_cenc.mp4": ("failed", "decode_error"),
    "ftyp_mdat_header_only.mp4": ("failed", "unreadable_video"),
    "html_404_renamed.webm": ("failed", "unreadable_video"),
    "invalid_nalu.mp4": ("processed", ""),
    "jpeg_renamed.mp4": ("failed", "unreadable_video"),
    "mid_gop_start.ts": ("processed", ""),
    "no_moov_truncated.mp4": ("failed", "unreadable_video"),
    "one_frame.mp4": ("processed", ""),
    "random_bytes.mkv": ("failed", "unreadable_video"),
    "text_renamed.mp4": ("failed", "unreadable_video"),
    "tiny_8x8.webm": ("processed", ""),
    "tiny_no_tracks.mp4": ("failed", "unreadable_video"),
    "truncated.mkv": ("processed", ""),
    "truncated.webm": ("processed", ""),
    "truncated_faststart.mp4": ("processed", ""),
    "zero_bytes.mp4": ("failed", "unreadable_video"),
}
FLAGGED = {  # their loss must be said
    "bitflips_in_mdat.mp4", "decord_corrupted.mp4", "invalid_nalu.mp4", "mid_gop_start.ts", "truncated.mkv",
    "truncated.webm", "truncated_faststart.mp4",
}  # fmt: skip

RAW = (
    "animated.gif", "anamorphic_sar_16_11.mp4", "av1_opus.webm", "bear_odd_dims_vp9.webm", "earth_night_mpeg4.avi",
    "hevc_10bit_main10.mkv", "interlaced_576i25_tff.mkv", "live_no_duration.webm", "man_meeting_frag_60.flv",
    "odd_321x181_yuv444.mp4", "prores_proxy.mov", "rotate90_meta.mp4", "spaces and ünïcode 视频 (1).mp4",
    "ts_offset_10s.ts", "vfr_irregular.mkv", "wmv2_asf.wmv",
)  # fmt: skip


def rows(out: Path, name: str) -> list[dict]:
    return pq.read_table(out / "tables" / name).to_pylist()


def test_every_broken_file_ends_as_expected_and_what_can_be_read_is_processed(corpus, tmp_path):
    with pytest.raises(TooManyFailures, match="11 of 21 inputs failed"):
        curate(RECIPE, source=Folder(path=str(corpus / "broken")), out=str(tmp_path))

    videos = {row["uri"]: row for row in rows(tmp_path, "videos")}
    assert {uri: (row["status"], row["reason"]) for uri, row in videos.items()} == BROKEN
    assert {uri for uri, row in videos.items() if row["warnings"] and row["status"] == "processed"} >= FLAGGED
    assert {row["uri"] for row in rows(tmp_path, "failures")} == {
        uri for uri, (status, _) in BROKEN.items() if status == "failed"
    }


@pytest.mark.parametrize("transcoder", [H264(), Copy(), Smart()], ids=lambda transcoder: transcoder.name)
def test_clips_of_odd_files_decode_completely_at_the_display_size(corpus, tmp_path, transcoder):
    manifest = tmp_path / "list.txt"
    manifest.write_text("\n".join(str(corpus / "raw" / name) for name in RAW), encoding="utf-8")

    recipe = replace(RECIPE, transcoder=transcoder)
    summary = curate(recipe, source=ListFile(path=str(manifest)), out=str(tmp_path / "o"), steps=["split"])

    assert summary["videos"]["kept"] == len(RAW)
    sizes = {row["video_id"]: (row["width"], row["height"]) for row in rows(tmp_path / "o", "videos")}
    for clip in rows(tmp_path / "o", "clips"):
        path = str(tmp_path / "o" / clip["uri"])
        info = probe(path)
        decoding = Decoding(path, info)
        times = [float(ticks * info.time_base) for ticks, _ in decoding]
        longest = max(after - before for before, after in pairwise(times))
        assert len(times) == clip["num_frames"]
        assert decoding.warnings == ()
        assert info.duration == pytest.approx(clip["duration"], abs=longest + 0.001)  # the last frame's is a guess
        size = sizes[clip["video_id"]]
        whole = clip["encoder"] == "copy"  # which keeps odd sizes
        assert (info.width, info.height) == (size if whole else tuple(side // 2 * 2 for side in size))
        assert clip["cut_verified"]
