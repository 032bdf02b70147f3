"""logs/timeline.html: who was at what, when, as the journal tells it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.html import Page
from tests.media import write_video
from tests.test_pipeline import FAST
from vidcurate import curate
from vidcurate.errors import VidcurateError
from vidcurate.events import Event
from vidcurate.report import write_timeline
from vidcurate.report.course import BINS, KINDS, LANES, course, stacked
from vidcurate.source.folder import Folder
from vidcurate.store.files import Store

BEGAN = 1_790_000_000.0
RUN = {"event": "run", "time": BEGAN, "run": "1a2b3c4d", "host": "login", "runtime": "dask"}
END = {"event": "end", "time": BEGAN + 120, "how": "done"}
"""A run of two minutes: half a second a bin."""


def item(worker: str, begin: float, seconds: float, *, ahead: float = 0, video: str = "v", **stages: float) -> Event:
    """An item that begins so many seconds after the run; the clock of its host may be ahead."""
    facts = {"worker": worker, "began": BEGAN + begin + ahead, "seconds": seconds, "cpu_seconds": 1, "gpu": None}
    return {"event": "item", "time": BEGAN + begin + seconds, "video": video, "stages": stages, **facts}


def video(moment: float, duration: float, status: str = "processed", name: str = "v") -> Event:
    facts = {"status": status, "reason": "decode_error", "duration": duration, "bytes": 1, "clips": 1}
    return {"event": "video", "time": BEGAN + moment, "video": name, **facts}


def at(kind: str, lane, seconds: float) -> float:
    return lane.shares[KINDS.index(kind), int(seconds / 120 * lane.shares.shape[1])]


def test_stages_are_spread_evenly_over_their_item():
    found = course([RUN, item("a:1", 30, 60, decode=15.0, **{"filter.motion": 30.0}), END])

    (lane,) = found.lanes
    assert lane.busy == pytest.approx(0.5)
    assert at("decode", lane, 29) == at("decode", lane, 91) == 0
    assert at("decode", lane, 31) == at("decode", lane, 89) == pytest.approx(0.25)
    assert at("look", lane, 60) == pytest.approx(0.5)
    assert at("other", lane, 60) == pytest.approx(0.25)
    assert lane.shares.sum() * 120 / lane.shares.shape[1] == pytest.approx(60)


def test_a_clock_that_is_ahead_moves_nothing():
    right = course([RUN, item("a:1", 10, 20, decode=20), item("a:1", 50, 20, encode=20), END])
    ahead = course([RUN, item("a:1", 10, 20, decode=20, ahead=3600), item("a:1", 50, 20, encode=20, ahead=3600), END])

    np.testing.assert_allclose(ahead.lanes[0].shares, right.lanes[0].shares, atol=1e-6)


def test_a_worker_that_replaces_another_takes_over_its_lane():
    found = course([RUN, item("a:1", 0, 40), item("a:2", 0, 100), item("b:1", 50, 10), item("a:3", 50, 20), END])

    assert [(lane.label, lane.items) for lane in found.lanes] == [("a · 1", 2), ("a · 2", 1), ("b · 1", 1)]


def test_pace_is_that_of_the_videos_that_were_under_way():
    # By hand: 300 s of video in 60 s are five times real time, a part of it in each of two items of its length.
    found = course([RUN, item("a:1", 0, 30), item("a:1", 30, 30), video(60, 300), END])

    assert found.pace[: BINS // 2] == pytest.approx(np.full(BINS // 2, 5.0))
    assert found.pace[BINS // 2 :] == pytest.approx(np.zeros(BINS // 2))


def test_colours_that_stand_on_one_another_stay_within_their_lane():
    shares = np.full((len(KINDS), 4), 0.5)  # two threads of one worker

    layers = list(stacked(shares))

    assert [kind for kind, _, _ in layers] == list(KINDS)
    assert layers[0][1].min() == 0
    assert layers[-1][2].max() == pytest.approx(1.0)


def test_losses_are_marked_where_they_happened():
    lost = {"event": "worker_lost", "time": BEGAN + 60, "reason": "killed by signal 9"}

    found = course([RUN, item("a:1", 0, 10), lost, video(90, 0, "failed"), END])

    assert found.losses == ((0.5, "killed by signal 9"), (0.75, "a video failed: decode_error"))


def test_a_hundred_workers_and_many_items_take_bounded_room(tmp_path):
    store = Store(str(tmp_path))
    events = [item(f"h:{n % 100}", n // 100, 0.9, decode=0.3, encode=0.5, video=f"{n}") for n in range(10_000)]
    lines = [json.dumps(event) for event in (RUN, *events, END)]
    store.write("logs/20260101T000000Z-aaaaaaaa.jsonl", "\n".join(lines).encode())

    write_timeline(store)

    page = (tmp_path / "logs" / "timeline.html").read_text()
    assert len(page) < 1_000_000
    assert Page(page).values("aria-label")[1:LANES].count("h · 7: 100 items, busy 75% of the run") == 1
    assert "and 60 more" in page


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A dataset of two videos and one that cannot be read."""
    root = tmp_path_factory.mktemp("timeline")
    (root / "videos").mkdir()
    write_video(root / "videos" / "a <b>.mp4", (30, 30))
    write_video(root / "videos" / "c.mp4", (20,), seed=3)
    (root / "videos" / "broken.mp4").write_bytes(b"no video")
    curate(FAST, source=Folder(path=str(root / "videos")), out=str(root / "out"), max_failures=1)
    return root


def test_the_page_names_videos_and_loads_nothing(made):
    page = Page((made / "out" / "logs" / "timeline.html").read_text())

    assert "runtime=local: done in" in page.text
    assert "Videos 3 3.2 s, 1 failed" in page.text
    assert "a <b>.mp4" in page.text
    assert "script" not in page.tags
    assert [place for place in page.values("href") if not place.startswith("#")] == ["../report.html"]
    assert page.values("src") == []
    assert 'href="logs/timeline.html"' in (made / "out" / "report.html").read_text()


def test_the_report_tells_of_the_run_that_writes_it(made):
    (run,) = (path.stem[-8:] for path in (made / "out" / "logs").glob("*.jsonl"))

    said = Page((made / "out" / "report.html").read_text()).text

    assert f"Run {run} of " in said
    assert "runtime=local, 1 worker: " in said


def test_a_run_that_had_nothing_to_do_leaves_the_page_and_one_that_fails_draws_it(made):
    page = made / "out" / "logs" / "timeline.html"
    before = page.read_bytes()

    curate(FAST, source=Folder(path=str(made / "videos")), out=str(made / "out"), max_failures=1)
    assert page.read_bytes() == before

    (made / "videos" / "d.mp4").write_bytes(b"no video either")
    with pytest.raises(VidcurateError, match="2 of 4 inputs failed"):
        curate(FAST, source=Folder(path=str(made / "videos")), out=str(made / "out"), max_failures=1)
    assert "ended by TooManyFailures" in page.read_text()


def test_a_video_that_is_taken_down_is_no_longer_on_the_page(made):
    curate(FAST, out=str(made / "out"), steps=["takedown"], source_ids=["a <b>.mp4"])

    logs = "".join(path.read_text() for path in (made / "out" / "logs").iterdir())
    gone = json.loads((made / "out" / "takedown.json").read_text())["video_ids"]
    assert (made / "out" / "logs" / "timeline.html").exists()
    assert '"event":"video"' in logs
    assert "b&gt;.mp4" not in logs
    assert not [name for name in gone if name in logs]


def test_a_journal_of_another_version_is_passed_over(tmp_path, caplog):
    store = Store(str(tmp_path))
    store.write("logs/20260101T000000Z-aaaaaaaa.jsonl", b'{"event":"item","time":1}\n')

    assert write_timeline(store) is None
    assert "passed over" in caplog.text
