"""What is said of an estimate that cannot be made."""

from __future__ import annotations

from math import nan

from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.statistics import Statistic

__all__ = ["unlearnt", "without_value"]


def without_value(
    context: Context, statistic: Statistic, n: float, reason: str, *, n_reference: float = nan, axis: str = ""
) -> Observation:
    """An observation of ``n`` rows that says why there is no number."""
    return Observation(
        metric=statistic.metric,
        model=context.model,
        window=context.window,
        value=nan,
        n=n,
        status="insufficient_data",
        computed_at=context.computed_at,
        n_reference=n_reference,
        segment=context.segment,
        sensitive_feature=axis,
        complete=context.complete,
        reason=reason,
    )


def unlearnt(context: Context, statistic: Statistic, n: float, learnt: float) -> Observation:
    """The reference has only so many labelled rows to learn from."""
    reason = f"the reference has {learnt:g} labelled rows with a score, fewer than {max(context.minimum_rows, 1)}"
    return without_value(context, statistic, n, reason, n_reference=learnt)
