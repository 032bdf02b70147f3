from __future__ import annotations

import dataclasses
import pickle

import pytest

from vidcurate.errors import ConfigError
from vidcurate.registry import KINDS, admit, build, fingerprint, register, registered
from vidcurate.splitter.base import Splitter
from vidcurate.splitter.fixed import Fixed
from vidcurate.splitter.transnetv2 import TransNetV2

FIXED = "vidcurate.splitter.fixed.Fixed"


@pytest.mark.parametrize("kind", KINDS)
def test_every_component_is_named_after_its_module(kind):
    for name, component in registered(kind).items():
        assert component.__module__.rsplit(".", 1)[-1] == name


@pytest.mark.parametrize("kind", KINDS)
def test_every_component_is_a_frozen_keyword_only_value(kind):
    for component in registered(kind).values():
        assert dataclasses.fields(component) is not None
        assert component.__dataclass_params__.frozen
        assert all(field.kw_only for field in dataclasses.fields(component))


def test_building_a_component_checks_every_key_at_once_and_names_near_misses():
    with pytest.raises(ConfigError) as caught:
        build("splitter", "splitter", {"_target_": FIXED, "lenght": 3, "min_length": -1, "crop": "much"})

    said = str(caught.value)
    assert said.startswith("3 problems in the configuration:")
    assert "splitter.lenght is not a key of fixed; did you mean 'length'?" in said
    assert "splitter.min_length=-1: input should be greater than or equal to 0" in said
    assert "splitter.crop='much': input should be a valid number" in said


def test_a_missing_value_says_what_to_give():
    with pytest.raises(ConfigError, match=r"source\.path is required: give source\.path="):
        build("source", "source", {"_target_": "vidcurate.source.folder.Folder", "path": "???"})


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.open",
        "vidcurate.store.files.Store",
        "vidcurate.splitter.fixed.Fixd",
        "vidcurate.embedder.histogram.Histogram",  # registered, but as another kind
        "no.such.module.Class",
        42,
        None,
    ],
)
def test_only_registered_classes_of_the_kind_are_admitted(target):
    with pytest.raises(ConfigError, match="is not a registered splitter"):
        admit("splitter", "splitter", target)


def test_a_refused_target_names_its_near_miss():
    with pytest.raises(ConfigError, match=f"did you mean '{FIXED}'"):
        admit("splitter", "splitter", "vidcurate.splitter.fixed.Fixd")


def test_modules_outside_vidcurate_and_its_plugins_are_not_even_imported(monkeypatch, tmp_path):
    (tmp_path / "stranger.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(ConfigError, match="is not a registered splitter"):
        admit("splitter", "splitter", "stranger.Thing")


def test_two_components_of_a_kind_cannot_share_a_name():
    class Rival(Splitter):
        def load(self, device):
            raise AssertionError

    Rival.__module__ = "elsewhere.fixed"

    with pytest.raises(ConfigError, match="two splitters are called 'fixed'"):
        register(Rival)


def test_equal_settings_have_equal_fingerprints_and_others_do_not():
    assert fingerprint(Fixed(length=10)) == fingerprint(Fixed(length=10.0))
    assert fingerprint(Fixed(length=10)) != fingerprint(Fixed(length=11))
    assert fingerprint(Fixed()) != fingerprint(TransNetV2())


def test_components_survive_pickling_and_are_small():
    spec = TransNetV2(threshold=0.3)

    copy = pickle.loads(pickle.dumps(spec))

    assert copy == spec
    assert hash(copy) == hash(spec)
    assert len(pickle.dumps(spec)) < 500
