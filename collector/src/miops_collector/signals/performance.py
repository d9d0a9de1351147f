"""How right the model was, as far as truth is known."""

from __future__ import annotations

from collections.abc import Iterator

from miops_collector.layout import Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.signals._family import family

__all__ = ["performance"]


def performance(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Every performance statistic that the task of the model has, and its decay since the reference."""
    return family("performance", context, reference, current)
