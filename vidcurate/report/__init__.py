"""The pages that show a dataset: what became of everything, how a run went, and pairs to choose an epsilon by."""

from vidcurate.report.advise import write_advice
from vidcurate.report.page import write_report
from vidcurate.report.timeline import drawn, write_timeline

__all__ = ["drawn", "write_advice", "write_report", "write_timeline"]
