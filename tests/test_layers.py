"""Imports point downward only, and nothing heavy is imported before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "vidcurate"
FAMILIES = (
    "source", "splitter", "transcoder", "filter", "embedder", "captioner", "enhancer", "preview", "cluster",
    "neighbours", "dedup", "sharder",
)  # fmt: skip
LAYERS = (
    ("__main__",),
    ("command",),
    ("app",),
    ("config", "help"),
    ("guard",),
    ("run",),
    ("ending", "onward"),
    ("report", "summary"),
    ("pipeline",),
    ("stage",),
    ("recipe", "data"),
    FAMILIES,
    ("runtime", "model", "video", "telemetry"),
    ("store", "shell"),
    ("registry", "progress"),
    ("pace",),
    ("groups", "events", "timings", "again", "terminal"),
    ("records", "table"),
    ("errors",),
)
HEAVY = (
    "torch", "av", "torchcodec", "faiss", "transformers", "lightning", "dask", "webdataset", "scenedetect", "cv2",
    "distributed", "dask_cuda", "sklearn", "cuml",
)  # fmt: skip


def level(module: str) -> int:
    return next(index for index, layer in enumerate(LAYERS) if module in layer)


def imports(path: Path) -> list[tuple[str, bool]]:
    """Modules that a file imports, and whether at its top level."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = {id(node) for node in tree.body}
    found = []
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        found += [(name, id(node) in top) for name in names]
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_its_own_layer_or_below(path):
    own = path.relative_to(PACKAGE).with_suffix("").parts[0]
    if own == "__init__":
        pytest.skip("the package re-exports its public names")

    upward = [
        name for name, _ in imports(path) if name.startswith("vidcurate.") and level(name.split(".")[1]) < level(own)
    ]

    assert upward == []


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_libraries_stay_inside_functions_models_and_codecs(path):
    own = path.relative_to(PACKAGE).parts[0]
    if own in {"model", "video", "data"}:
        pytest.skip("these are where they live")

    heavy = [name for name, top in imports(path) if top and name.split(".")[0] in HEAVY]

    assert heavy == []


def test_hydra_is_known_to_app_and_config_only():
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if any(name.split(".")[0] in {"hydra", "omegaconf"} for name, _ in imports(path))
    }

    assert users == {"app.py", "config.py"}


OURS = {"__init__", "command", "shell", "store", "store.mask", "terminal"}
"""Modules of vidcurate that the command is made of, whatever it is asked for."""
HYDRA = {"hydra", "hydra_plugins", "omegaconf", "antlr4", "yaml", "_yaml", "attr", "packaging"}
"""Libraries that Hydra brings. A library that is no part of it would make the user wait for a look at the config."""
SCRIPT = """
import sys
before = set(sys.modules)
from vidcurate.command import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
new = set(sys.modules) - before
ours = {name.partition(".")[2] or "__init__" for name in new if name.split(".")[0] == "vidcurate"}
others = {name.split(".")[0] for name in new} - set(sys.stdlib_module_names) - {"vidcurate"}
print(repr((ours, others)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "ours", "others"),
    [
        (["--help"], OURS | {"groups", "help"}, set()),
        (["--version"], OURS, set()),
        (["--cfg", "job"], OURS | {"app", "errors", "groups", "guard"}, HYDRA),
        (["--info", "defaults"], OURS | {"app", "errors", "groups", "guard"}, HYDRA),
    ],
    ids=["help", "version", "cfg", "info"],
)
def test_looking_at_help_and_config_imports_next_to_nothing(arguments, ours, others):
    ended = subprocess.run([sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout
    imported = ast.literal_eval(ended.stderr.splitlines()[-1])
    assert imported[0] == ours
    assert {name for name in imported[1] if not name.startswith(("_cython", "cython"))} <= others
