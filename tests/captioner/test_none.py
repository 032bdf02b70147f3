from __future__ import annotations

from vidcurate.captioner.none import NoCaptions


def test_no_frame_is_taken():
    assert NoCaptions().sampling is None
