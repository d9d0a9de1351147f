"""How much data the window holds and how much of its truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

from miops import semconv
from miops_collector.layout import Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context

__all__ = ["window"]


def window(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Rows and share of labelled rows, whatever their number."""
    now = current.volume
    then = reference.volume if reference is not None else None
    yield _observation(context, semconv.METRIC_WINDOW_ROWS, now.rows, now.rows, then.rows if then else float("nan"))
    yield _observation(
        context,
        semconv.METRIC_WINDOW_LABELLED_SHARE,
        now.labelled_share,
        now.rows,
        then.labelled_share if then else float("nan"),
    )


def _observation(context: Context, metric: str, value: float, n: float, reference: float) -> Observation:
    return Observation(
        metric=metric,
        model=context.model,
        window=context.window,
        value=value,
        n=n,
        status="ok",
        computed_at=context.computed_at,
        reference=reference,
        segment=context.segment,
        complete=context.complete,
        reason="undefined: the window has no rows" if isnan(value) else "",
    )
