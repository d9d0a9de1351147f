"""Whether values are there, of the right type, in range and known; and whether rows come once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from miops_collector.layout import ColumnLayout, Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.signals._family import family
from miops_collector.signals._measure import measure, pick
from miops_collector.statistics import statistics_of
from miops_collector.summary import Moments

__all__ = ["quality"]


def quality(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Every quality statistic of every column, and of the window as a whole."""
    statistics = statistics_of("quality")
    for column in current.layout.columns:
        now = _of_column(current, column)
        then = _of_column(reference, column) if reference is not None else {}
        for statistic, kind in pick(now, statistics):
            yield measure(context, statistic, now[kind], reference=then.get(kind), column=column.name)
    yield from family("quality", context, reference, current)


def _of_column(summaries: Summaries, column: ColumnLayout) -> dict[type, Any]:
    distribution = summaries.distribution(column)
    offered: dict[type, Any] = {type(distribution): distribution}
    if column.kind == "numeric":
        offered[Moments] = summaries.moments(column)
    return offered
