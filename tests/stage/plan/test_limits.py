from __future__ import annotations

from tests.media import write_video
from vidcurate import Recipe
from vidcurate.source.folder import Folder
from vidcurate.stage.plan.census import census
from vidcurate.store.files import Store


def test_a_plan_decodes_nothing_that_is_over_a_limit(tmp_path):
    (tmp_path / "videos").mkdir()
    write_video(tmp_path / "videos/a.mp4", (5,))
    source = Folder(path=str(tmp_path / "videos"), max_pixels=20_000)

    (entry,) = census(Store(str(tmp_path / "out")), source, Recipe(), None)

    assert entry.fate == "unreadable"
    assert "a picture of 320 x 176 pixels; source.max_pixels is 20000" in entry.why
