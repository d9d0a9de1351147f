"""Whether the model treats groups alike: numbers per group and gaps, per sensitive feature and intersection."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan, nan

import numpy as np

from miops_collector.layout import Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.signals._measure import measure
from miops_collector.statistics import Statistic, statistics_of
from miops_collector.summary import FloatArray, Groups

__all__ = ["fairness"]


def fairness(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Every fairness statistic of every axis of groups; nothing for a model without sensitive features."""
    before = reference.groups if reference is not None else (None,) * len(current.groups)
    for then, now in zip(before, current.groups, strict=True):
        for statistic in statistics_of("fairness"):
            if statistic.per_group:
                yield from _per_group(context, statistic, then, now)
            else:
                yield measure(context, statistic, now, reference=then, axis=" & ".join(now.axis))


def _per_group(context: Context, statistic: Statistic, then: Groups | None, now: Groups) -> Iterator[Observation]:
    nothing = np.full(len(now.names), nan)
    values = statistic.function(now)
    of_reference = statistic.function(then) if then is not None else nothing
    errors = statistic.standard_error(now) if statistic.standard_error else nothing
    n, m = _rows(statistic, now), _rows(statistic, then) if then is not None else nothing
    for i, name in enumerate(now.names):
        enough = statistic.about.is_count or n[i] >= context.minimum_group_rows
        value = float(values[i]) if enough else nan
        yield Observation(
            metric=statistic.metric,
            model=context.model,
            window=context.window,
            value=value,
            n=float(n[i]),
            status="ok" if enough else "insufficient_data",
            computed_at=context.computed_at,
            n_reference=float(m[i]),
            reference=float(of_reference[i]) if enough else nan,
            segment=context.segment,
            sensitive_feature=" & ".join(now.axis),
            group=name,
            standard_error=float(errors[i]) if enough else nan,
            complete=context.complete,
            reason=_reason(context, statistic, value, float(n[i]), enough=enough),
        )


def _rows(statistic: Statistic, groups: Groups) -> FloatArray:
    cells = groups.confusion if statistic.about.rests_on == "labelled" else groups.rows
    count: FloatArray = cells.reshape(len(groups.names), -1).sum(axis=1)
    return count


def _reason(context: Context, statistic: Statistic, value: float, n: float, *, enough: bool) -> str:
    if not enough:
        return f"the group has {n:g} rows, fewer than {context.minimum_group_rows}: it is not compared"
    return f"undefined: {statistic.about.undefined}" if isnan(value) else ""
