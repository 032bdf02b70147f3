"""The file for Prometheus says what a run has done, in the format that its parsers take."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.media import write_video
from tests.test_pipeline import FAST
from vidcurate import curate
from vidcurate.errors import ConfigError
from vidcurate.source.folder import Folder
from vidcurate.telemetry.metrics import exposition
from vidcurate.telemetry.tally import Tally

SAMPLE = re.compile(r'(vidcurate_[a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\} (-?[\d.e+-]+)')


def samples(text: str) -> dict[tuple[str, str], float]:
    """By name and labels but `dataset`; every line must be of the format."""
    found, types = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert kind in {"counter", "gauge"}
            assert name not in types
            types[name] = kind
            continue
        if line.startswith("# HELP "):
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        name, labels, value = match.groups()
        assert (types[name] == "counter") == name.endswith("_total")
        key = name, re.sub(r'^dataset="[^"]*",?', "", labels)
        assert key not in found
        found[key] = float(value)
    return found


def test_a_run_leaves_a_file_that_counts_what_it_did(tmp_path):
    (tmp_path / "videos").mkdir()
    write_video(tmp_path / "videos" / "a.mp4", (30, 30))
    (tmp_path / "videos" / "broken.mp4").write_bytes(b"no video")
    file = tmp_path / "vidcurate.prom"

    source, out = Folder(path=str(tmp_path / "videos")), str(tmp_path / "out")
    curate(FAST, source=source, out=out, steps=["split"], max_failures=1, metrics=str(file))

    found = samples(file.read_text())
    assert found["vidcurate_videos_total", 'status="processed"'] == 1
    assert found["vidcurate_videos_total", 'status="failed"'] == 1
    assert found["vidcurate_video_failures_total", 'reason="unreadable_video"'] == 1
    assert found["vidcurate_video_seconds_total", ""] == pytest.approx(2.4)
    assert found["vidcurate_clips_total", ""] == 2
    assert found["vidcurate_items_total", 'step="split"'] == 2
    assert found["vidcurate_stage_seconds_total", 'stage="decode"'] > 0
    assert found["vidcurate_queue_depth", 'state="waiting"'] == 0
    assert found["vidcurate_run_active", ""] == 0
    assert found["vidcurate_realtime_factor", ""] > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "vidcurate.prom", "videos"]


def test_verify_alone_is_counted_and_writes_no_journal(tmp_path):
    (tmp_path / "videos").mkdir()
    write_video(tmp_path / "videos" / "a.mp4", (30, 30))
    out = tmp_path / "out"
    curate(FAST, source=Folder(path=str(tmp_path / "videos")), out=str(out))
    before = sorted((out / "logs").iterdir())

    curate(FAST, out=str(out), steps=["verify"], metrics=str(tmp_path / "vidcurate.prom"))

    found = samples((tmp_path / "vidcurate.prom").read_text())
    assert found["vidcurate_items_total", 'step="verify"'] > 0
    assert sorted((out / "logs").iterdir()) == before


def test_before_anything_has_happened_the_file_is_of_the_format():
    found = samples(exposition(Tally(), "out"))

    assert found["vidcurate_run_active", ""] == 1
    assert not [name for name, _ in found if name == "vidcurate_videos_total"]


def test_labels_are_escaped_and_credentials_hidden():
    text = exposition(Tally(), 'a "b" \\ c\nd')

    assert 'dataset="a \\"b\\" \\\\ c\\nd"' in text
    samples(text)


def test_a_file_that_cannot_be_written_is_said_before_any_work(tmp_path):
    (tmp_path / "videos").mkdir()

    with pytest.raises(ConfigError, match=r"metrics=.*no-folder/x\.prom' cannot be written"):
        curate(
            FAST,
            source=Folder(path=str(tmp_path / "videos")),
            out=str(tmp_path / "out"),
            metrics=str(tmp_path / "no-folder" / "x.prom"),
        )

    assert not Path(tmp_path / "out").exists()
