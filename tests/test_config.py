from __future__ import annotations

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from vidcurate.config import job
from vidcurate.errors import ConfigError
from vidcurate.groups import conf_dir
from vidcurate.recipe import Recipe
from vidcurate.records import Columns, Foreign
from vidcurate.registry import KINDS, build, registered


def composed(*overrides: str):
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir())):
        return compose("config", overrides=list(overrides))


OPTIONS = sorted(
    (kind, file.stem) for kind in KINDS for file in (conf_dir() / kind).glob("*.yaml") if kind != "experiment"
)


def test_the_default_config_is_the_default_recipe():
    assert job(composed("out=x", "steps=[dedup]")).recipe == Recipe()


@pytest.mark.parametrize(("kind", "option"), OPTIONS, ids="/".join)
def test_every_option_builds_the_component_of_its_name_with_its_own_defaults(kind, option):
    chosen = composed(f"{kind}=[{option}]" if kind == "filter" else f"{kind}={option}")[kind]
    group = chosen[option] if kind == "filter" else chosen
    required = {key: "somewhere" for key in group if OmegaConf.is_missing(group, key)}

    component = build(kind, kind, {key: required.get(key) or group[key] for key in group})

    assert component.name == option
    assert component == type(component)(**required)


@pytest.mark.parametrize("kind", KINDS)
def test_every_component_has_an_option_and_every_option_a_comment(kind):
    files = {file.stem: file.read_text(encoding="utf-8") for file in (conf_dir() / kind).glob("*.yaml")}

    assert set(files) == set(registered(kind))
    assert all(text.startswith("# ") for text in files.values())


@pytest.mark.parametrize("file", sorted((conf_dir() / "experiment").glob("*.yaml")), ids=lambda file: file.stem)
def test_experiments_are_short_and_say_what_they_do(file):
    lines = file.read_text(encoding="utf-8").splitlines()

    assert lines[0] == "# @package _global_"
    assert lines[1].startswith("# ")
    assert len(lines) < 25


def test_all_problems_come_in_one_message():
    config = composed(
        "++spliter=none", "++splitter.treshold=0.3", "splitter.threshold=2", "++cluster.k=0", "steps=[spilt]", "seed=-1"
    )

    with pytest.raises(ConfigError) as caught:
        job(config)

    said = str(caught.value)
    assert "'spliter' is not a key; did you mean 'splitter'?" in said
    assert "splitter.treshold is not a key of transnetv2; did you mean 'threshold'?" in said
    assert "splitter.threshold=2: input should be less than or equal to 1" in said
    assert "cluster.k=0" in said
    assert "steps: 'spilt' is not a step; did you mean 'split'?" in said
    assert "seed=-1" in said
    assert "out is required" in said


def test_wishes_for_an_epsilon_are_checked_like_all_else():
    said = "++advise.per_bnd=3", "advise.precision=2", "advise.per_band=0"

    with pytest.raises(ConfigError) as caught:
        job(composed("out=x", "steps=[advise]", *said))

    assert "advise.per_bnd is not a key of advise; did you mean 'per_band'?" in str(caught.value)
    assert "advise.precision=2: input should be less than 1" in str(caught.value)
    assert "advise.per_band=0: input should be greater than or equal to 1" in str(caught.value)
    with pytest.raises(ConfigError, match="advise=3: expected its keys"):
        job(composed("out=x", "steps=[advise]", "++advise=3"))


def test_how_closely_to_verify_is_checked_like_all_else():
    chosen = job(composed("out=x", "steps=[verify]", "verify.sample=null", "verify.loaders=[tarfile]")).recipe.verify

    assert (chosen.sample, chosen.loaders) == (None, ("tarfile",))
    with pytest.raises(ConfigError, match=r"verify\.sample=2: input should be less than or equal to 1"):
        job(composed("out=x", "steps=[verify]", "verify.sample=2"))
    with pytest.raises(ConfigError, match=r"verify\.loaders"):
        job(composed("out=x", "steps=[verify]", "verify.loaders=[tarfiel]"))


def test_no_filter_is_a_choice():
    assert job(composed("out=x", "steps=[]", "filter=[]")).recipe.filter == ()


def test_filters_keep_the_order_in_which_they_are_named():
    names = [entry.name for entry in job(composed("out=x", "steps=[]", "filter=[luma,motion]")).recipe.filter]

    assert names == ["luma", "motion"]


def test_a_source_is_only_asked_for_by_split():
    assert job(composed("out=x", "steps=[dedup,shard]")).source is None
    with pytest.raises(ConfigError, match=r"source\.path is required"):
        job(composed("out=x", "steps=[split]"))


def test_a_target_from_outside_the_registry_is_refused():
    with pytest.raises(ConfigError, match=r"'os\.system' is not a registered splitter"):
        job(composed("out=x", "steps=[]", "splitter._target_=os.system"))


def test_a_run_without_an_experiment_says_what_to_choose():
    with pytest.raises(ConfigError, match="choose an experiment"):
        job(composed("out=x"))


def test_columns_of_foreign_embeddings_are_checked_like_all_keys():
    config = composed("out=x", "steps=[dedup]", "columns.id=7", "++columns.sorce=y", "on_bad=skip")

    with pytest.raises(ConfigError) as caught:
        job(config)

    said = str(caught.value)
    assert "columns.id=7: expected the name of a column" in said
    assert "columns.sorce is not a key; did you mean 'source'?; keys: id, embedding, source" in said
    assert "on_bad='skip': expected fail or drop" in said


def test_clips_and_decisions_of_others_are_checked_and_reach_the_job():
    given = ["clips=nemo", "decisions=nemo/semantic", "caption_key=qwen", "unique_ids=remove"]

    assert job(composed("out=x", "steps=[shard]", *given)).foreign == Foreign(
        clips="nemo", decisions="nemo/semantic", caption_key="qwen", unique_ids="remove"
    )
    with pytest.raises(ConfigError) as caught:
        job(composed("out=x", "steps=[shard]", "clips=[a]", "decisions=3", "caption_key=[q]", "unique_ids=drop"))
    assert [line.split("=")[0] for line in caught.value.problems] == ["clips", "decisions", "caption_key", "unique_ids"]


def test_columns_and_what_to_do_with_bad_rows_reach_the_job():
    checked = job(composed("out=x", "steps=[dedup]", "columns.id=name", "on_bad=drop"))

    assert (checked.columns, checked.on_bad) == (Columns(id="name"), "drop")
    with pytest.raises(ConfigError, match="columns='id': expected names of columns"):
        job(composed("out=x", "steps=[dedup]", "columns=id"))
