from __future__ import annotations

from benchmarks.handover import hand_over, plan_shards


def test_a_tenth_of_the_clips_is_decided_away(tmp_path):
    marks: list[str] = []

    assert hand_over(tmp_path, 1000, 4, marks.append) == {"clips": 1000, "pairs": 100, "kept": 900}
    assert marks == ["vectors written", "vectors read", "pairs", "decisions"]
    assert hand_over(tmp_path, 1000, 4)["kept"] == 900  # with vectors that are there


def test_all_that_is_kept_is_planned_and_the_rest_is_dropped():
    counts = plan_shards(2000)

    assert (counts["clips"], counts["samples"], counts["dropped"]) == (2000, 1800, 200)
    assert counts["shards"] > 3
