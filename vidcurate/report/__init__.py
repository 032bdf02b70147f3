"""The page that shows a dataset: what went in, what became of it, and the clips themselves."""

from vidcurate.report.page import write_report

__all__ = ["write_report"]
