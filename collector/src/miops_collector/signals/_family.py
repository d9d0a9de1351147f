"""Every statistic of a family that summaries of all rows allow."""

from __future__ import annotations

from collections.abc import Iterator

from miops_collector.layout import Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.signals._measure import measure, of_window, pick
from miops_collector.statistics import statistics_of

__all__ = ["family"]


def family(name: str, context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """One observation per statistic; those that compare with the reference only if there is one."""
    now, then = of_window(current), of_window(reference)
    for statistic, kind in pick(now, statistics_of(name)):
        if not (statistic.compares and reference is None):
            yield measure(context, statistic, now[kind], reference=then.get(kind))
