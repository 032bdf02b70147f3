from __future__ import annotations

from pathlib import Path

import pytest

from tests.stage.verify.made import make


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    return make(tmp_path_factory.mktemp("videos"), tmp_path_factory.mktemp("made"))
