"""What a run writes down of itself, and what it must not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.media import write_video
from tests.test_pipeline import FAST, everything
from vidcurate import curate
from vidcurate.errors import MissingInput
from vidcurate.events import emit, step
from vidcurate.source.folder import Folder
from vidcurate.store.files import Store
from vidcurate.telemetry import journal as module
from vidcurate.telemetry.journal import forget, journal, journals, read_journal

RUN = "0123456789abcdef"
VIDEOS = ("11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555")


@pytest.fixture
def videos(tmp_path) -> Path:
    (tmp_path / "videos").mkdir()
    write_video(tmp_path / "videos" / "a.mp4", (30, 30))
    (tmp_path / "videos" / "broken.mp4").write_bytes(b"no video")
    return tmp_path / "videos"


@pytest.fixture(params=["disk", "bucket"])
def store(request, tmp_path) -> Store:
    """A dataset with one file in it."""
    store = Store(str(tmp_path) if request.param == "disk" else f"memory://{tmp_path.name}")
    store.write("summary.json", b"{}")
    return store


def told(store: Store) -> list[str]:
    return [event["event"] for keys in journals(store) for event in read_journal(store, keys)]


def test_a_run_is_told_from_its_begin_to_its_end(videos, tmp_path):
    out = tmp_path / "out"

    curate(FAST, source=Folder(path=str(videos)), out=str(out), max_failures=1)

    (path,) = (out / "logs").glob("*.jsonl")
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}\.jsonl", path.name)
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert events[0]["event"] == "run"
    assert events[0]["steps"] == ["split", "dedup", "shard"]
    assert (events[-1]["event"], events[-1]["how"]) == ("end", "done")
    ended = [event for event in events if event["event"] == "step" and event["state"] == "ended"]
    assert [event["step"] for event in ended] == ["split", "dedup", "shard", "report"]
    found = {event["status"]: event for event in events if event["event"] == "video"}
    assert found["processed"]["duration"] == pytest.approx(2.4)
    assert found["processed"]["clips"] == 2
    assert found["failed"]["reason"] == "unreadable_video"
    items = [event for event in events if event["event"] == "item" and event["video"]]
    assert {item["video"] for item in items} == {event["video"] for event in found.values()}
    assert "a.mp4" not in path.read_text()  # names are in tables only
    assert str(videos) not in path.read_text()


def test_a_dataset_on_a_bucket_has_its_journal_there(videos, tmp_path):
    url = f"memory://{tmp_path.name}"

    curate(FAST, source=Folder(path=str(videos)), out=url, steps=["split"], max_failures=1)

    events = told(Store(url))
    assert events[0] == "run"
    assert events[-1] == "end"
    assert events.count("video") == 2


def test_a_journal_that_cannot_be_written_costs_a_warning(videos, tmp_path, caplog):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "logs").write_text("a file in the way")

    curate(FAST, source=Folder(path=str(videos)), out=str(tmp_path / "out"), max_failures=1)
    curate(FAST, source=Folder(path=str(videos)), out=str(tmp_path / "usual"), max_failures=1)

    assert (
        len([record for record in caplog.records if "the journal of this run cannot be written" in record.message]) == 1
    )
    assert everything(tmp_path / "out") == everything(tmp_path / "usual")


def test_a_run_that_finds_no_input_leaves_no_dataset(tmp_path):
    (tmp_path / "empty").mkdir()

    with pytest.raises(MissingInput):
        curate(FAST, source=Folder(path=str(tmp_path / "empty")), out=str(tmp_path / "out"))

    assert not (tmp_path / "out").exists()


def test_credentials_in_urls_are_hidden_and_the_line_stays_json(store):
    with journal(store, RUN), step("split"):
        emit("lost", reason='s3://key:word@host/a?sig=SECRET\\" and "https://h/?token=SECRET"')

    text = "".join(store.read(key).decode() for keys in journals(store) for key in keys)
    assert "SECRET" not in text
    assert "word@" not in text
    assert told(store) == ["step", "lost", "step"]


def test_a_line_that_a_killed_run_has_not_ended_is_passed_over(store):
    store.write("logs/20260101T000000Z-aaaaaaaa.jsonl", b'{"event":"run","time":1}\n{"event":"ite')

    assert told(store) == ["run"]


def test_what_is_taken_down_is_forgotten_and_nothing_else(store):
    with journal(store, RUN), step("split"):
        for video in VIDEOS:
            emit("video", video=video)

    forget(store, VIDEOS[:1])

    (keys,) = journals(store)
    assert [event.get("video") for event in read_journal(store, keys)] == [None, VIDEOS[1], None]


def test_journals_come_newest_first_with_all_their_parts(store, monkeypatch):
    monkeypatch.setattr(module, "PART", 0)
    store.write("logs/20260101T000000Z-aaaaaaaa.jsonl", b'{"event":"run","time":1}\n')
    store.write("logs/20260301T000000Z-bbbbbbbb.part0002.jsonl", b'{"event":"end","time":4}\n')
    store.write("logs/20260301T000000Z-bbbbbbbb.jsonl", b'{"event":"item","time":3}\n')

    assert told(store) == ["item", "end", "run"]


def test_a_bucket_gets_a_new_object_once_one_is_long(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PART", 100)
    store = Store(f"memory://{tmp_path.name}")
    store.write("summary.json", b"{}")
    writer = module._Writer(store, "logs/x")

    for number in range(6):
        writer.hear({"event": "step", "time": 1.0, "number": number})
        writer.write()
    writer.write()

    (keys,) = journals(store)
    assert len(keys) > 1
    assert [event["number"] for event in read_journal(store, keys)] == [0, 1, 2, 3, 4, 5]
    assert max(len(store.read(key)) for key in keys) < 200


def test_what_a_full_disk_has_cut_short_is_written_again(tmp_path):
    store = Store(str(tmp_path))
    store.write("summary.json", b"{}")
    writer = module._Writer(store, "logs/x")
    writer.hear({"event": "step", "time": 1.0})
    writer.write()
    path = tmp_path / "logs" / "x.jsonl"
    path.write_bytes(path.read_bytes() + b'{"event":"ha')

    writer.hear({"event": "end", "time": 2.0})
    writer.write()

    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == ["step", "end"]
