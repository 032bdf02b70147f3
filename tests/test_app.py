from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.forked import vidcurate
from vidcurate.app import forced


@pytest.mark.parametrize(
    ("argument", "becomes"),
    [
        ("splitter.threshold=0.3", "++splitter.threshold=0.3"),
        ("spliter=none", "++spliter=none"),
        ("out=a/b=c", "++out=a/b=c"),
        ("splitter=fixed", "splitter=fixed"),
        ("filter=[motion]", "filter=[motion]"),
        ("+experiment=quickstart", "+experiment=quickstart"),
        ("~filter", "~filter"),
        ("hydra.run.dir=x", "hydra.run.dir=x"),
        ("hydra/launcher=slurm", "hydra/launcher=slurm"),
        ("--cfg", "--cfg"),
    ],
)
def test_values_are_forced_and_everything_else_is_left_to_hydra(argument, becomes):
    assert forced(argument) == becomes


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_options_and_keys(tmp_path):
    program = tmp_path / "vidcurate"  # as pip writes it
    program.write_text(f"#!{sys.executable}\nfrom vidcurate.command import main\nmain()\n")
    program.chmod(0o755)
    script = f"""
        PATH={tmp_path}:$PATH; eval "$(vidcurate -sc install=bash)"
        for COMP_LINE in "vidcurate splitter=tr" "vidcurate splitter.thr"; do
            COMP_CWORD=1; hydra_bash_completion; echo "${{COMPREPLY[@]}}"
        done
    """

    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False)

    assert ended.stdout.splitlines() == ["splitter=transnetv2", "splitter.threshold="], ended.stderr


def test_a_wrong_config_is_refused_before_any_work_with_exit_code_2(tmp_path):
    ended = vidcurate(
        "+experiment=quickstart", "out=o", "splitter.treshold=1", "spliter=x", "dedup.eps=-1", cwd=tmp_path
    )

    assert ended.returncode == 2
    assert "3 problems in the configuration:" in ended.stderr
    assert "did you mean 'threshold'?" in ended.stderr
    assert "did you mean 'splitter'?" in ended.stderr
    assert "dedup.eps=-1" in ended.stderr
    assert ended.stderr.startswith("vidcurate: 3 problems")  # and not with a line of Hydra's
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    "override",
    ["storage.options.s3.key=hunter2", "++storage={options: {s3: {anon: false, client_kwargs: {token: hunter2}}}}"],
)
def test_secrets_are_refused_before_anything_keeps_them(override, tmp_path):
    ended = vidcurate("+experiment=quickstart", "out=o", override, cwd=tmp_path)

    assert ended.returncode == 2
    assert "looks like a secret" in ended.stderr
    assert "AWS_ACCESS_KEY_ID" in ended.stderr
    assert "hunter2" not in ended.stdout + ended.stderr
    assert list(tmp_path.rglob("*")) == []


def test_credentials_in_urls_are_shown_nowhere(tmp_path):
    source = "http://ann:hunter2@127.0.0.1:9/list.csv?token=hunter3"
    ended = vidcurate("+experiment=curate", "source=list", f"'source.path={source}'", "out=o", cwd=tmp_path)

    assert ended.returncode == 2
    assert "http://***@127.0.0.1:9/list.csv?token=***" in ended.stderr
    assert "hunter" not in ended.stdout + ended.stderr


def test_an_unknown_option_names_those_that_exist(tmp_path):
    ended = vidcurate("+experiment=quickstart", "splitter=transnet", cwd=tmp_path)

    assert ended.returncode == 2
    assert "transnetv2" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_source_that_does_not_exist_is_exit_code_2(tmp_path):
    ended = vidcurate("+experiment=curate", "source.path=nowhere", "out=o", "runtime=local", cwd=tmp_path)

    assert ended.returncode == 2
    assert "nowhere" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_dedup_without_split_says_what_to_run(tmp_path):
    ended = vidcurate("+experiment=dedup", "out=empty", cwd=tmp_path)

    assert ended.returncode == 2
    assert "+experiment=split" in ended.stderr


def test_the_help_page_lists_experiments_groups_and_options(tmp_path):
    ended = vidcurate("--help", cwd=tmp_path)

    assert ended.returncode == 0
    assert ended.stdout.count("vidcurate +experiment=") + ended.stdout.count("vidcurate -m +experiment=") >= 5
    for word in (
        "quickstart",
        "sweep_epsilon",
        "transnetv2",
        "efficientnet_lite",
        "leader",
        "webdataset",
        "splitter",
    ):
        assert word in ended.stdout
