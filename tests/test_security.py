"""What the code must never do, read from the code itself: unpickle, run a shell, run code that comes with weights."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from vidcurate.registry import KINDS, registered

ROOT = Path(__file__).parents[1]
OURS = sorted(file for folder in ("vidcurate", "hydra_plugins") for file in (ROOT / folder).rglob("*.py"))
PICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
UNPICKLING = {"load", "loads", "Unpickler", "open"}
PIPE = "vidcurate/runtime/worker.py"
"""Where results come back from processes that we have started ourselves, through a pipe without a name."""


def calls(file: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a file, with the dotted name of what is called."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def keywords(call: ast.Call) -> dict[str | None, str]:
    return {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}


def every(name: str) -> list[tuple[str, ast.Call]]:
    """Calls whose dotted name ends so, with their file."""
    found = [(file.relative_to(ROOT).as_posix(), dotted, call) for file in OURS for dotted, call in calls(file)]
    return [(file, call) for file, dotted, call in found if dotted == name or dotted.endswith(f".{name}")]


def test_nothing_is_unpickled_but_what_our_own_workers_send():
    found = [
        (file.relative_to(ROOT).as_posix(), name)
        for file in OURS
        for name, _ in calls(file)
        if name.split(".")[0] in PICKLERS and name.split(".")[-1] in UNPICKLING
    ]

    assert {file for file, _ in found} == {PIPE}


def test_no_unpickler_hides_behind_another_name():
    for file in OURS:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PICKLERS:
                assert not UNPICKLING & {alias.name for alias in node.names}, file
            if isinstance(node, ast.Import):
                assert not [alias for alias in node.names if alias.name in PICKLERS and alias.asname], file


@pytest.mark.slow
def test_weights_are_read_as_tensors_and_arrays_as_numbers():
    weights, arrays = every("torch.load"), every("np.load")

    assert weights
    assert all(keywords(call)["weights_only"] == "True" for _, call in weights)
    assert arrays
    assert all(keywords(call)["allow_pickle"] == "False" for _, call in arrays)
    assert not every("read_pickle")


def test_yaml_is_data_and_text_is_never_code():
    names = {name for file in OURS for name, _ in calls(file)}

    assert {name for name in names if name.startswith("yaml.")} == {"yaml.safe_load_all"}
    assert not names & {"eval", "exec", "compile", "__import__"}


def test_a_trainer_takes_bytes_from_webdataset_and_decodes_them_itself():
    """Its decoders would unpickle `.pyd` and `.pickle` members."""
    for file in (ROOT / "vidcurate").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("webdataset"):
                assert {alias.name for alias in node.names} <= {"group_by_keys", "tar_file_expander"}, file
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names if alias.name.startswith("webdataset")]
                assert not names or file.name in {"loaders.py", "readers.py"}, file
    decoding = [call for _, call in every("decode") if isinstance(call.func, ast.Attribute)]
    assert not [call for call in decoding if "WebDataset" in ast.unparse(call.func)]


def test_no_command_goes_through_a_shell():
    for file in [*OURS, *(ROOT / "benchmarks").glob("*.py")]:
        for name, call in calls(file):
            assert keywords(call).get("shell", "False") == "False", f"{file}: {ast.unparse(call)}"
            assert name not in {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}, file
            if name.startswith("subprocess.") and call.args:
                assert not isinstance(call.args[0], ast.Constant | ast.JoinedStr), f"{file}: {ast.unparse(call)}"


@pytest.mark.slow
def test_code_that_comes_with_a_checkpoint_runs_only_if_that_is_set():
    """What transformers chooses by the checkpoint is told so; a class that we name runs no code of the checkpoint."""
    for file, call in every("from_pretrained"):
        chosen, given = ast.unparse(call.func), keywords(call)
        if chosen.startswith("Auto"):
            assert given.get("trust_remote_code") == "False" or None in given, f"{file}: {ast.unparse(call)}"
        else:
            assert "trust_remote_code" not in given, f"{file}: {ast.unparse(call)}"
    spelled = [
        ast.unparse(value)
        for file in OURS
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "trust_remote_code"
    ]
    assert sorted(spelled) == ["False", "self.trusted"]


@pytest.mark.parametrize("kind", KINDS)
def test_trust_is_off_unless_set(kind):
    for component in registered(kind).values():
        default = component.__dataclass_fields__.get("trust_remote_code")
        assert default is None or default.default is False
