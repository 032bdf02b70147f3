"""The plan step: what a run would do, take and cost, from a look at every input and the real work on a few of them."""

from vidcurate.stage.plan.plan import plan

__all__ = ["plan"]
