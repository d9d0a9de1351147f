"""Whether the columns, the predictions and the scores are distributed as in the reference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from miops_collector.layout import ColumnLayout, Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.signals._measure import measure
from miops_collector.statistics import statistics_of
from miops_collector.statistics.definitions import DEFINITIONS, Definition, Sample

__all__ = ["drift"]


def drift(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Every drift statistic of every column, by the definitions that were chosen; nothing without a reference."""
    if reference is None:
        return
    statistics, definition = statistics_of("drift"), DEFINITIONS.get(context.definition)
    for column in current.layout.columns:
        then, now = reference.distribution(column), current.distribution(column)
        for statistic in statistics:
            if type(now) in statistic.takes:
                ours = measure(context, statistic, now, reference=then, column=column.name)
                yield _theirs(definition, statistic.name, column, reference, current, ours) if definition else ours


def _theirs(
    definition: Definition, name: str, column: ColumnLayout, reference: Summaries, current: Summaries, ours: Observation
) -> Observation:
    """What the other tool means by it; ours where it has no such statistic, or nothing of its own was frozen."""
    method = (definition.numeric if column.kind == "numeric" else definition.categorical).get(name)
    frozen = np.array(column.definition_edges)
    if method is None or ours.status != "ok" or (definition.freezes and column.kind == "numeric" and not len(frozen)):
        return ours
    found = method(_sample(reference, column), _sample(current, column), frozen)
    status = "warning" if found.drifted else ours.status
    return replace(ours, value=found.value, p_value=found.p_value, status=status, definition=definition.label)


def _sample(summaries: Summaries, column: ColumnLayout) -> Sample:
    moments = summaries.moments(column) if column.kind == "numeric" else None
    return Sample(summaries.distribution(column), moments)
