"""How sure the model is of its decisions."""

from __future__ import annotations

from collections.abc import Iterator

from miops_collector.layout import Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.signals._family import family

__all__ = ["confidence"]


def confidence(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Every confidence statistic, for classifiers."""
    return family("confidence", context, reference, current)
