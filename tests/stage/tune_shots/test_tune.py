from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.forked import vidcurate
from tests.media import write_video

FEW = ("tune_shots.splitters=[content,hist]", "splitter=content", "splitter.threshold=255", "tune_shots.reels=2")


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for seed in range(4):
        write_video(folder / f"{seed}.mp4", shots=(60,), seed=seed, size=(160, 96))
    (folder / "broken.mp4").write_bytes(b"no video")
    return folder


@pytest.fixture(scope="module")
def out(videos, tmp_path_factory) -> Path:
    cwd = tmp_path_factory.mktemp("tuned")
    options = (f"source.path={videos}", "out=o", "tune_shots.shots=8", *FEW)
    ended = vidcurate("+experiment=tune_shots", *options, cwd=cwd)
    assert ended.returncode == 0, ended.stderr
    return cwd / "o"


def test_reels_results_and_an_experiment_are_written(out):
    files = {file.relative_to(out).as_posix() for file in out.rglob("*") if file.is_file()}
    result = json.loads((out / "tune_shots.json").read_text())

    assert files == {
        "tune_shots.json",
        "tune_shots.md",
        "tune_shots/conf/experiment/tuned_shots.yaml",
        "tune_shots/ground_truth.json",
        "tune_shots/reel0.mp4",
        "tune_shots/reel1.mp4",
    }
    assert result["held_out"] == ["reel1.mp4"]
    tuning, held_out = (set(entry["videos"]) for entry in result["reels"])
    assert not tuning & held_out
    assert result["current"]["threshold"] == 255
    assert result["chosen"] != result["current"]


@pytest.mark.slow
def test_the_command_that_it_prints_works(out, videos, tmp_path):
    command = shlex.split((out / "tune_shots.md").read_text().strip().splitlines()[-1])
    chosen = json.loads((out / "tune_shots.json").read_text())["chosen"]
    places = {"source.path=DIR": f"source.path={videos}", "out=OUT": "out=new"}
    light = (
        "embedder=histogram",
        "filter=[]",
        "preview=none",
        "runtime=local",
        "steps=[split]",
        "max_failures=1",
        "splitter.min_length=0",
    )

    ended = vidcurate(*(places.get(word, word) for word in command[1:]), *light, cwd=tmp_path)

    assert command[0] == "vidcurate"
    assert ended.returncode == 0, ended.stderr
    used = json.loads((tmp_path / "new" / "run.json").read_text())["split"]["config"]["splitter"]
    assert used.items() <= {**chosen, "min_length": 0}.items()
    assert used["threshold"] == chosen["threshold"]
    assert "override /splitter" in (out / "tune_shots/conf/experiment/tuned_shots.yaml").read_text()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_results(out, videos, tmp_path):
    options = (f"source.path={videos}", "out=o", "tune_shots.shots=8", *FEW)

    ended = vidcurate("+experiment=tune_shots", *options, cwd=tmp_path)

    assert ended.returncode == 0, ended.stderr
    for name in ("tune_shots.json", "tune_shots/reel1.mp4", "tune_shots/conf/experiment/tuned_shots.yaml"):
        assert (tmp_path / "o" / name).read_bytes() == (out / name).read_bytes()


def test_too_few_videos_are_refused(tmp_path):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a.mp4").write_bytes(b"no video")

    ended = vidcurate("+experiment=tune_shots", "source.path=videos", "out=o", *FEW, cwd=tmp_path)

    assert ended.returncode == 2
    assert "0 of 1 videos of the source can be used" in ended.stderr
    assert "Traceback" not in ended.stderr
