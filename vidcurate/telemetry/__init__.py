"""Listens to a run and writes down what it hears: a journal, metrics, a table at the end. No result depends on it."""

from vidcurate.telemetry.watch import watched

__all__ = ["watched"]
