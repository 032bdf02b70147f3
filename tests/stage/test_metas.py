from __future__ import annotations

import pytest

from vidcurate.stage.metas import meta
from vidcurate.stage.record import Record

CLIP = {
    "clip_id": "c", "start": 1.0, "end": 3.0, "width": 640, "height": 360, "fps": 25.0, "num_frames": 50,
    "codec": "h264", "num_bytes": 1000,
}  # fmt: skip


def record(scores=(), captions=()) -> Record:
    video = {"video_id": "v", "uri": "a.mp4", "width": 1280, "height": 720, "fps": 25.0}
    rows = [{"clip_id": "c", "filter": name, "score": score, "value": value} for name, score, value in scores]
    return Record(key="v", video=video, clips=[CLIP], scores=rows, captions=list(captions))


@pytest.mark.parametrize(
    ("score", "field", "value"),
    [
        (("motion_vectors", "global_mean", 0.25), "motion_score", {"global_mean": 0.25}),
        (("motion_vectors", "patch_min", 0.5), "motion_score", {"per_patch_min_256": 0.5}),
        (("motion", "motion", 0.1), "motion_difference_score", 0.1),
        (("aesthetic", "aesthetic", 4.5), "aesthetic_score", 4.5),
        (("luma", "black", 0.75), "luma_black_score", 0.75),
    ],
)
def test_scores_have_the_references_names_where_it_has_one(score, field, value):
    assert meta(record(scores=[score]), CLIP)[field] == value


def test_every_field_of_the_reference_that_we_know_is_there():
    # nemo-curator's metas/v0, without its models' own and with relative paths
    fields = {
        "span_uuid", "source_video", "duration_span", "width_source", "height_source", "framerate_source",
        "clip_location", "width", "height", "framerate", "num_frames", "video_codec", "num_bytes", "errors", "windows",
        "valid", "has_caption", "total_prompt_tokens", "total_output_tokens",
    }  # fmt: skip

    assert fields <= meta(record(), CLIP).keys()
    assert meta(record(), CLIP)["clip_location"] == "clips/c.mp4"


def test_a_window_carries_its_caption_its_tokens_and_its_enhancement():
    row = {
        "clip_id": "c", "start_frame": 0, "end_frame": 49, "captioner": "vlm", "caption": "A dog runs.", "failure": "",
        "prompt_tokens": 9, "output_tokens": 4, "enhancer": "lm", "enhanced_caption": "A brown dog runs.",
        "enhancer_failure": "",
    }  # fmt: skip
    written = meta(record(captions=[row]), CLIP)

    assert written["windows"] == [
        {
            "start_frame": 0, "end_frame": 49, "vlm_caption": "A dog runs.", "vlm_prompt_tokens": 9,
            "vlm_output_tokens": 4, "caption_failure_reason": "", "lm_enhanced_caption": "A brown dog runs.",
        }
    ]  # fmt: skip
    assert (written["has_caption"], written["total_prompt_tokens"]) == (True, 9)
