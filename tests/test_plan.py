"""Plans of small made videos: every input is told of, the forecast holds the run that follows, the dataset stays."""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.forked import vidcurate
from tests.media import write_video
from tests.test_config import composed
from vidcurate import Recipe, curate
from vidcurate.cluster.single import Single
from vidcurate.config import job
from vidcurate.dedup.semdedup import SemDeDup
from vidcurate.embedder.histogram import Histogram
from vidcurate.errors import ConfigError, MissingInput, VidcurateError
from vidcurate.filter.motion import Motion
from vidcurate.recipe import Plan
from vidcurate.shell import Command
from vidcurate.source.folder import Folder
from vidcurate.splitter.fixed import Fixed
from vidcurate.store.files import Store
from vidcurate.transcoder.copy import Copy
from vidcurate.video.excerpt import excerpt
from vidcurate.video.probe import probe

RECIPE = Recipe(
    splitter=Fixed(length=0.5, min_length=0.3),
    transcoder=Copy(),
    filter=(Motion(),),
    embedder=Histogram(),
    cluster=Single(),
    dedup=SemDeDup(eps=0.01),
    plan=Plan(minutes=0.1, price_per_cpu_hour=0.05, price_per_gib_month=0.02),
)


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for number in range(14):
        write_video(folder / f"v{number:02}.mp4", (25 + number % 3 * 10,), size=(160, 96), gop=12, seed=number)
    shutil.copy(folder / "v00.mp4", folder / "w_copy.mp4")
    (folder / "x_text`<b>.mp4").write_text("no video")
    (folder / "y_empty.mp4").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def before(videos, tmp_path_factory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("planned") / "dataset"
    return out, plan(videos, out)


@pytest.fixture(scope="module")
def dataset(videos, before) -> Path:
    out, _ = before
    assert [path.name for path in sorted(out.rglob("*"))] == ["plan.json", "plan.md"]
    curate(RECIPE, source=Folder(path=str(videos)), out=str(out), max_failures=9)
    return out


def plan(videos: Path, out: Path, recipe: Recipe = RECIPE, **more) -> dict:
    curate(recipe, source=Folder(path=str(videos)), out=str(out), steps=["plan"], **more)
    return json.loads((out / "plan.json").read_text(encoding="utf-8"))


def digests(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file() and path.name not in ("plan.json", "plan.md"))
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_input_is_counted_and_what_cannot_be_used_is_named(before):
    _, found = before

    assert found["inputs"] == {"in": 17, "new": 14, "exact copy": 1, "unreadable": 2}
    assert found["because"]["exact copy"] == {"same bytes as v00.mp4": ["w_copy.mp4"]}
    unreadable = {uris[0]: why for why, uris in found["because"]["unreadable"].items()}
    assert set(unreadable) == {"x_text`<b>.mp4", "y_empty.mp4"}
    assert "no container can be read" in unreadable["x_text`<b>.mp4"]
    assert "0 bytes" in unreadable["y_empty.mp4"]


def test_a_part_of_the_videos_was_tried_and_the_rest_is_forecast_with_intervals(before):
    _, found = before
    sample, forecast = found["sample"], found["forecast"]

    assert 6 <= sample["videos"] < 14
    assert sample["stretches"] == 0
    assert forecast["work"] == 14
    for name in ("clips", "media_bytes", "cpu_seconds", "wall_seconds"):
        assert 0 < forecast[name]["low"] < forecast[name]["value"] < forecast[name]["high"]
    assert {stage["name"] for stage in forecast["stages"]} >= {"decode", "encode", "embed", "filter.motion"}
    assert set(forecast["wall"]) == {"start", "split", "dedup", "shard", "report"}
    assert set(forecast["cost"]) == {"cpu", "month"}


def test_the_run_that_follows_is_within_the_intervals(before, dataset):
    forecast = before[1]["forecast"]
    clips = pq.read_table(dataset / "tables" / "clips").to_pylist()

    assert forecast["clips"]["low"] <= len(clips) <= forecast["clips"]["high"]
    assert forecast["clip_seconds"]["low"] <= sum(c["duration"] for c in clips) <= forecast["clip_seconds"]["high"]
    assert forecast["failed"]["low"] <= 2 <= forecast["failed"]["high"]
    assert sum(c["num_bytes"] for c in clips) == pytest.approx(forecast["media_bytes"]["value"], rel=0.25)


def test_a_finished_dataset_has_nothing_to_do_and_is_not_touched(videos, dataset):
    stored = digests(dataset)

    found = plan(videos, dataset)

    assert found["inputs"] == {"in": 17, "up to date": 14, "exact copy": 1, "failed before": 1, "unreadable": 1}
    assert found["forecast"]["work"] == 0
    assert "No video is to be worked on" in (dataset / "plan.md").read_text(encoding="utf-8")
    assert digests(dataset) == stored


def test_on_a_terminal_it_is_a_table(videos, dataset, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)

    plan(videos, dataset)

    said = capsys.readouterr().err
    assert "90% interval" in said
    assert "up to date" in said


def test_what_another_setting_would_do_again_is_said_with_its_name(videos, dataset):
    stored = digests(dataset)

    looked = plan(videos, dataset, replace(RECIPE, embedder=Histogram(frames=4)))
    stretches = replace(RECIPE.plan, stretch=1.0)
    cut = plan(videos, dataset, replace(RECIPE, splitter=Fixed(length=0.4, min_length=0.3), plan=stretches))

    assert looked["inputs"]["looked at again"] == 14
    assert list(looked["because"]["looked at again"]) == ["embedding: embedder.frames=8 is now 4"]
    assert looked["forecast"]["clips"]["value"] == 0
    assert {stage["name"] for stage in looked["forecast"]["stages"]} >= {"sample", "embed"}
    assert list(cut["because"]["cut again"]) == ["clips: splitter.length=0.5 is now 0.4"]
    assert cut["inputs"]["cut again"] == 14
    assert cut["sample"]["stretches"] > 0
    assert cut["forecast"]["clips"]["value"] > 28
    assert digests(dataset) == stored


def test_what_has_failed_is_left_alone_unless_it_is_asked_for(videos, tmp_path):
    folder, out = tmp_path / "videos", tmp_path / "dataset"
    folder.mkdir()
    shutil.copy(videos / "v01.mp4", folder / "a.mp4")
    data = (videos / "v02.mp4").read_bytes()
    (folder / "b.mp4").write_bytes(data[:200])
    curate(RECIPE, source=Folder(path=str(folder)), out=str(out), steps=["split"], max_failures=1)

    left = plan(folder, out)
    asked = plan(folder, out, retry="failed")

    assert left["inputs"] == {"in": 2, "up to date": 1, "failed before": 1}
    assert list(left["because"]["failed before"].values()) == [["b.mp4"]]
    assert asked["inputs"] == {"in": 2, "up to date": 1, "unreadable": 1}


def test_a_plan_of_inputs_that_none_can_be_read_is_an_error_that_names_one(tmp_path):
    (tmp_path / "a.mp4").write_text("no video")

    with pytest.raises(VidcurateError, match=r"none of 1 inputs can be read, a\.mp4: .*no container"):
        plan(tmp_path, tmp_path / "out")


def test_plans_that_make_no_sense_are_refused_before_any_work(videos, tmp_path):
    with pytest.raises(ConfigError, match="plan is done by itself"):
        curate(RECIPE, source=Folder(path=str(videos)), out=str(tmp_path / "o"), steps=["plan", "split"])
    with pytest.raises(MissingInput, match="plan needs a source"):
        curate(RECIPE, out=str(tmp_path / "o"), steps=["plan"])
    with pytest.raises(ValueError, match="plan steps from split on"):
        Plan(steps=("dedup",))

    assert not (tmp_path / "o").exists()


@pytest.mark.slow
def test_the_command_line_plans_and_says_what_to_run(videos, tmp_path):
    fast = ["splitter=fixed", "splitter.length=0.5", "splitter.min_length=0.3", "transcoder=copy", "embedder=histogram"]
    words = ["+experiment=plan", f"source.path={videos}", "out=o", "runtime=local", "preview=none", *fast]

    ended = vidcurate(*words, "plan.minutes=0.05", "plan.steps=[split]", cwd=tmp_path)

    assert ended.returncode == 0, ended.stderr
    command = json.loads((tmp_path / "o" / "plan.json").read_text(encoding="utf-8"))["command"]
    assert command == f"vidcurate +experiment=curate {shlex.join(words[1:])} 'steps=[split]'"
    assert f"to do it: {command}" in ended.stdout + ended.stderr


def test_wishes_for_a_plan_are_checked_like_all_else():
    with pytest.raises(ConfigError) as caught:
        job(composed("+experiment=plan", "source.path=x", "out=o", "++plan.minuts=1", "plan.share=2", "plan.stretch=0"))

    assert caught.value.exit_code == 2
    assert "did you mean 'minutes'?" in str(caught.value)
    assert "plan.share=2" in str(caught.value)
    assert "plan.stretch=0" in str(caught.value)
    assert job(composed("+experiment=plan", "source.path=x", "out=o")).steps == ("plan",)


def test_the_command_keeps_all_but_the_plan():
    words = ("+experiment=[quickstart,plan]", "out=a b", "splitter=fixed", "plan.minutes=1", "dedup.eps=0.1")

    assert Command(("vidcurate",), words).planned(["split", "dedup", "shard"]) == (
        "vidcurate '+experiment=[quickstart,curate]' 'out=a b' splitter=fixed dedup.eps=0.1"
    )


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi"])
def test_a_stretch_is_a_video_of_its_own(suffix, tmp_path):
    path = write_video(tmp_path / f"a.{suffix}", (250,), size=(160, 96), gop=25, audio=suffix != "avi")

    length = excerpt(str(path), tmp_path / "stretch.mkv", start=4.2, length=3.0)

    found = probe(str(tmp_path / "stretch.mkv"))
    assert length == pytest.approx(3.0, abs=0.1)  # from one key frame to another
    assert found.duration == pytest.approx(length, abs=0.15)
    assert (found.width, found.codec) == (160, "h264")
    assert Store(str(tmp_path)).exists("stretch.mkv")
