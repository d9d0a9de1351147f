"""Whether probabilities can be taken at their word."""

from __future__ import annotations

from collections.abc import Iterator

from miops_collector.layout import Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.signals._family import family

__all__ = ["calibration"]


def calibration(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Every calibration statistic, for classifiers."""
    return family("calibration", context, reference, current)
