"""The step `verify`: proves that a dataset is what it says; nothing in it is changed or mended."""

from vidcurate.stage.verify.dataset import verify

__all__ = ["verify"]
