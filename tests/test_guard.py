from __future__ import annotations

import os

import pytest

from tests.forked import vidcurate
from tests.test_config import composed
from vidcurate.config import job
from vidcurate.errors import ConfigError
from vidcurate.guard import refuse_strangers


@pytest.mark.parametrize(
    "override",
    [
        "+hydra.callbacks.x._target_=os.system",
        "++hydra.callbacks.x={_target_: builtins.exec}",
        "hydra.job_logging.handlers.console.()=os.system",
        "hydra.hydra_logging.formatters.x={(): os.system}",
    ],
)
def test_hydra_builds_no_class_that_an_override_names(override):
    with pytest.raises(ConfigError, match=r"^1 problem in the configuration:\n  - hydra\.\S+ names what Hydra should"):
        refuse_strangers(["+experiment=dedup", override])


@pytest.mark.parametrize(
    "flags", [["--config-dir={}"], ["--config-dir", "{}"], ["-cd", "{}"], ["hydra.searchpath=[file://{}]"]]
)
@pytest.mark.parametrize(
    "text",
    [
        "hydra:\n  callbacks:\n    x:\n      _target_: os.system\n",
        "# @package hydra.job_logging\nhandlers:\n  x:\n    (): os.system\n",
        "splitter:\n  - nested:\n      _target_: subprocess.check_output\n",
        "x:\n  _target_: ${y}\n",
        "x: !!python/object/apply:os.system [echo]\n",
    ],
)
def test_a_folder_of_options_names_no_class_of_a_stranger(tmp_path, flags, text):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/options.yaml").write_text(text)

    with pytest.raises(ConfigError, match=r"options\.yaml"):
        refuse_strangers([flag.format(tmp_path) for flag in flags])


def test_options_of_ours_in_a_folder_of_the_user_are_no_strangers(tmp_path):
    (tmp_path / "mine.yaml").write_text("_target_: vidcurate.splitter.fixed.Fixed\nlength: 3\n")

    refuse_strangers([f"--config-dir={tmp_path}", "+splitter=mine", "hydra.sweep.dir=x", "hydra/launcher=slurm"])


def test_a_callback_of_a_stranger_is_refused_before_it_is_called(tmp_path):
    written = tmp_path / "written"
    callback = f"      _target_: pathlib.Path.mkdir\n      self: {written}\n"
    (tmp_path / "evil.yaml").write_text(f"# @package _global_\nhydra:\n  callbacks:\n    x:\n{callback}")

    ended = vidcurate("+experiment=dedup", "out=x", f"--config-dir={tmp_path}", "+evil=evil", cwd=tmp_path)

    assert ended.returncode == 2
    assert "'pathlib.Path.mkdir' is of no package with options" in ended.stderr
    assert not written.exists()
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize("nested", ["splitter.length._target_=os.system", "advise.labels._target_=os.system"])
def test_a_target_within_a_component_is_a_wrong_value(nested):
    with pytest.raises(ConfigError):
        job(composed("out=x", "steps=[]", "splitter=fixed", f"++{nested}"))


def test_a_target_among_options_of_stores_is_plain_data():
    checked = job(composed("out=x", "steps=[]", "++storage.options.s3.x._target_=os.system"))

    assert checked.storage.options == {"s3": {"x": {"_target_": "os.system"}}}


@pytest.mark.parametrize(
    "override",
    [
        "embeddings=${oc.env:LAB_TOKEN}",
        "against=[x,'s3://${oc.env:LAB_TOKEN}/y']",
        'embeddings="${oc.env:LAB_${oc.env:KIND}}"',
    ],
)
def test_a_secret_of_the_environment_never_gets_into_a_config(monkeypatch, override):
    monkeypatch.setenv("LAB_TOKEN", "hunter2-hunter2")
    monkeypatch.setenv("KIND", "TOKEN")

    with pytest.raises(ConfigError, match=r"holds the content of the environment variable LAB_TOKEN") as caught:
        job(composed("out=x", "steps=[]", override))
    assert "hunter2" not in str(caught.value)


def test_what_only_sounds_like_a_secret_may_be_in_a_config(monkeypatch, tmp_path):
    monkeypatch.setenv("PWD", str(tmp_path))
    monkeypatch.setenv("LAB_TOKEN_FILE", str(tmp_path))
    monkeypatch.setenv("SHORT_KEY", "x")
    monkeypatch.setenv("DATA", "/somewhere/else")

    assert job(composed(f"out={tmp_path}/x", "steps=[]", "embeddings=${oc.env:DATA}")).embeddings == os.environ["DATA"]
