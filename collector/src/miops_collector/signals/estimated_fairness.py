"""Whether the model probably treats groups alike before truth comes: estimates per sensitive feature."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan, nan

from miops_collector.layout import Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.signals._measure import measure
from miops_collector.statistics import Statistic, once, statistics_of
from miops_collector.statistics.estimated_fairness import CalibratedGroups, calibrated_groups
from miops_collector.summary import GroupScores

__all__ = ["estimated_fairness"]


def estimated_fairness(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Every estimate of every axis of groups; nothing without a reference with scores and sensitive features."""
    if reference is None:
        return
    for then, now in zip(reference.group_scores, current.group_scores, strict=True):
        before = once(_itself, then, context.minimum_group_rows)
        window = calibrated_groups(then, now, minimum_rows=context.minimum_group_rows)
        for statistic in statistics_of("estimated_fairness"):
            if statistic.per_group:
                yield from _per_group(context, statistic, before, window)
            else:
                yield measure(context, statistic, window, reference=before, axis=" & ".join(now.axis))


def _itself(reference: GroupScores, minimum_rows: float) -> CalibratedGroups:
    return calibrated_groups(reference, reference, minimum_rows=minimum_rows)


def _per_group(
    context: Context, statistic: Statistic, before: CalibratedGroups, window: CalibratedGroups
) -> Iterator[Observation]:
    assert statistic.standard_error is not None
    values, of_reference = statistic.function(window), statistic.function(before)
    errors = statistic.standard_error(window)
    for i, name in enumerate(window.names):
        n, m = float(window.rows[i]), float(before.rows[i])
        reason = _reason(context, statistic, value=float(values[i]), n=n, learnt=window.groups[i] is not None)
        enough = not reason.startswith("the group")
        yield Observation(
            metric=statistic.metric,
            model=context.model,
            window=context.window,
            value=float(values[i]) if enough else nan,
            n=n,
            status="ok" if enough else "insufficient_data",
            computed_at=context.computed_at,
            n_reference=m,
            reference=float(of_reference[i]) if enough else nan,
            segment=context.segment,
            sensitive_feature=" & ".join(window.axis),
            group=name,
            standard_error=float(errors[i]) if enough else nan,
            complete=context.complete,
            reason=reason,
        )


def _reason(context: Context, statistic: Statistic, *, value: float, n: float, learnt: bool) -> str:
    if not learnt:
        return f"the group has fewer than {context.minimum_group_rows} labelled rows with a score in the reference"
    if n < context.minimum_group_rows:
        return f"the group has {n:g} rows, fewer than {context.minimum_group_rows}: it is not compared"
    return f"undefined: {statistic.about.undefined}" if isnan(value) else ""
