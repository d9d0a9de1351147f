"""One statistic of one summary as an observation: value, rows, uncertainty, and the reason if there is no value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan, nan
from typing import Any

from miops_collector.layout import Summaries
from miops_collector.report import Observation, Status
from miops_collector.signals._context import Context
from miops_collector.signals._rows import rows
from miops_collector.statistics import Statistic
from miops_collector.summary import (
    Attempts,
    ClassScores,
    Confidence,
    Confusion,
    Latency,
    Losses,
    Residuals,
    ScoreHistogram,
    Volume,
)

__all__ = ["measure", "of_window", "pick"]

Offered = Mapping[type, Any]


def of_window(summaries: Summaries | None) -> dict[type, Any]:
    """The summaries of all rows that a model has, by kind."""
    if summaries is None:
        return {}
    binary = summaries.layout.positive >= 0
    offered: dict[type, Any] = {
        Attempts: summaries.attempts,
        ClassScores: summaries.class_scores,
        Confidence: summaries.confidence,
        Confusion: summaries.confusion,
        Latency: summaries.latency,
        Losses: summaries.losses,
        Residuals: summaries.residuals,
        ScoreHistogram: summaries.scores if binary else None,
        Volume: summaries.volume,
    }
    return {kind: summary for kind, summary in offered.items() if summary is not None}


def pick(offered: Offered, statistics: Sequence[Statistic]) -> list[tuple[Statistic, type]]:
    """The statistics that can be computed from what is offered, each with the kind of summary it prefers."""
    chosen = ((s, next((kind for kind in s.takes if kind in offered), None)) for s in statistics)
    return [(s, kind) for s, kind in chosen if kind is not None]


def measure(
    context: Context, statistic: Statistic, current: Any, *, reference: Any = None, column: str = "", axis: str = ""
) -> Observation:
    """Compute it, unless the rows are too few."""
    about = statistic.about
    n = rows(current, about.rests_on)
    m = rows(reference, about.rests_on) if reference is not None else nan
    status, reason = _sufficiency(context, statistic, n, m)
    value = of_reference = p_value = standard_error = low = high = nan
    if status == "ok":
        arguments = (reference, current) if statistic.compares else (current,)
        options = {name: context.option(name) for name in statistic.options}
        value = statistic.function(*arguments, **options)
        p_value = statistic.p_value(*arguments, **options) if statistic.p_value else nan
        standard_error = statistic.standard_error(*arguments, **options) if statistic.standard_error else nan
        low, high = statistic.interval(*arguments, **options) if statistic.interval else (nan, nan)
        of_reference = nan if statistic.compares or reference is None else statistic.function(reference, **options)
        reason = f"undefined: {about.undefined}" if isnan(value) else ""
    return Observation(
        metric=statistic.metric,
        model=context.model,
        window=context.window,
        value=value,
        n=n,
        status=status,
        computed_at=context.computed_at,
        n_reference=m,
        reference=of_reference,
        column=column,
        segment=context.segment,
        sensitive_feature=axis,
        p_value=p_value,
        standard_error=standard_error,
        low=low,
        high=high,
        complete=context.complete,
        reason=reason,
    )


def _sufficiency(context: Context, statistic: Statistic, n: float, m: float) -> tuple[Status, str]:
    least = context.minimum_rows
    if statistic.about.is_count or (n >= least and not (statistic.compares and m < least)):
        return "ok", ""
    where, found = ("the window", n) if n < least else ("the reference", m)
    what = {"rows": "rows", "values": "rows with a value", "labelled": "labelled rows"}[statistic.about.rests_on]
    return "insufficient_data", f"{where} has {found:g} {what}, fewer than {least}"
