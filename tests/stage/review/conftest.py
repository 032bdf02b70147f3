from __future__ import annotations

from pathlib import Path

import pytest

from tests.stage.review.made import make


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> tuple[Path, Path]:
    return make(tmp_path_factory.mktemp("reviewed"))
