"""Whether the columns, the predictions and the scores are distributed as in the reference."""

from __future__ import annotations

from collections.abc import Iterator

from miops_collector.layout import Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.signals._measure import measure
from miops_collector.statistics import statistics_of

__all__ = ["drift"]


def drift(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Every drift statistic of every column; nothing without a reference."""
    if reference is None:
        return
    statistics = statistics_of("drift")
    for column in current.layout.columns:
        then, now = reference.distribution(column), current.distribution(column)
        for statistic in statistics:
            if type(now) in statistic.takes:
                yield measure(context, statistic, now, reference=then, column=column.name)
