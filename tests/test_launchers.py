from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LAUNCHERS = Path(__file__).parents[1] / "launchers"


def test_the_local_launcher_runs_vidcurate_from_any_folder_and_passes_its_exit_code_on(tmp_path):
    environment = os.environ | {"PYTHON": sys.executable}
    command = [str(LAUNCHERS / "local.sh"), "+experiment=dedup", "out=nothing here"]

    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert "+experiment=split" in ended.stderr
