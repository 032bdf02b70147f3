"""The step `tune_shots`: which splitter finds the transitions in one's own videos best, and with which thresholds."""

from vidcurate.stage.tune_shots.tune import tune_shots

__all__ = ["tune_shots"]
