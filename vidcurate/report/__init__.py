"""The pages that show a dataset: what became of everything, and pairs to choose an epsilon by."""

from vidcurate.report.advise import write_advice
from vidcurate.report.page import write_report

__all__ = ["write_advice", "write_report"]
