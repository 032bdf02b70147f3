"""The step `doctor`: whether a configuration can run on this machine, and what to do where it cannot."""

from vidcurate.stage.doctor.examine import examine
from vidcurate.stage.doctor.finding import Case

__all__ = ["Case", "examine"]
