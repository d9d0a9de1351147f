"""What is said of an estimate whose reference has too little truth to learn from."""

from __future__ import annotations

from math import nan

from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.statistics import Statistic

__all__ = ["unlearnt"]


def unlearnt(context: Context, statistic: Statistic, n: float, learnt: float) -> Observation:
    """``n`` rows of the window that it would rest on, ``learnt`` labelled rows of the reference."""
    return Observation(
        metric=statistic.metric,
        model=context.model,
        window=context.window,
        value=nan,
        n=n,
        status="insufficient_data",
        computed_at=context.computed_at,
        n_reference=learnt,
        segment=context.segment,
        complete=context.complete,
        reason=f"the reference has {learnt:g} labelled rows with a score, fewer than {max(context.minimum_rows, 1)}",
    )
