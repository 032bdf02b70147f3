from __future__ import annotations

import re

import pytest

from vidcurate.source.identity import video_id
from vidcurate.source.sample import CLIPS, Sample
from vidcurate.splitter.adaptive import Adaptive
from vidcurate.video.lookahead import Lookahead
from vidcurate.video.probe import probe

INPUTS = tuple(Sample().inputs())
FREE = {"CC0 1.0", "CC BY 3.0", "CC BY 4.0", "public domain"}


def test_the_samples_are_few_small_and_all_different():
    size = sum(path.stat().st_size for path in CLIPS.iterdir())

    assert len(INPUTS) == 15
    assert size < 8_000_000
    assert len({video_id(entry.path) for entry in INPUTS}) == 15


def test_every_file_is_attributed_and_free_to_pass_on():
    text = (CLIPS / "ATTRIBUTION.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(.+?)` \|.*\| (.+?) \| .+? \|$", text, re.MULTILINE)

    assert [name for name, _ in rows] == [entry.uri for entry in INPUTS]
    assert {licence for _, licence in rows} <= FREE
    assert {path.name for path in CLIPS.iterdir()} == {name for name, _ in rows} | {"ATTRIBUTION.md"}


def test_together_they_are_two_minutes_of_many_codecs():
    infos = {entry.uri: probe(entry.path) for entry in INPUTS}

    assert 100 < sum(info.duration for info in infos.values()) < 125
    assert {info.codec for info in infos.values()} == {
        "h264", "h263", "vp8", "vp9", "gif", "mpeg4", "mpeg2video",
    }  # fmt: skip
    assert max(info.height for info in infos.values()) == 480
    assert infos["bunny.3gp"].duration < 2
    assert {uri for uri, info in infos.items() if info.audio_codec} == {"flower.mp4", "friday.mp4", "stream.mp4"}


@pytest.mark.parametrize(
    ("name", "cuts"),
    [
        # From ATTRIBUTION.md; the dissolve of the reel at 185 to 204 is too soft for this detector.
        ("reel.mp4", [60, 120, 245, 305, 365, 425, 485, 545]),
        ("bottles.mp4", []),
    ],
)
def test_cuts_lie_where_the_attribution_says(name, cuts):
    path, splitter = str(CLIPS / name), Adaptive()

    frames = Lookahead(path, probe(path)).thumbnails(splitter.thumbnail)
    shots = [shot for shot in splitter.load("cpu")(frames) if not shot.open]

    assert [shot.start for shot in shots[1:]] == cuts
