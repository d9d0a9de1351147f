"""Whether the model treats groups alike: numbers per group and gaps, per sensitive feature and intersection."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan, nan
from typing import Any, Final, TypeAlias

import numpy as np

from miops_collector.layout import MOST_GROUP_CLASSES, Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.signals._measure import measure
from miops_collector.signals._rows import rows
from miops_collector.signals._without_value import without_value
from miops_collector.statistics import Statistic, once, statistics_of
from miops_collector.statistics.fairness import p_values, support
from miops_collector.summary import FloatArray, GroupClassScores, GroupExposures, GroupMerits, Groups

__all__ = ["fairness"]

OF_LISTS = (GroupExposures, GroupMerits)
"""A ranking whose rows never said their places in lists has nothing of these to miss."""
TOO_MANY: Final = f"classes times groups are more than {MOST_GROUP_CLASSES}: scores of classes are not kept by group"
Offered: TypeAlias = dict[type, tuple[Any, ...]]
"""Kinds of summaries by group, each for every axis."""


def fairness(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Every fairness statistic of every axis of groups; nothing for a model without sensitive features.

    The p-value of a group says whether it differs from the other groups of its axis, and is adjusted for all groups of
    all axes.
    """
    now, before = _offered(current), _offered(reference)
    if not any(rows(e, "rows") for e in (*now.get(GroupExposures, ()), *before.get(GroupExposures, ()))):
        now = {kind: of for kind, of in now.items() if kind not in OF_LISTS}
    for statistic in statistics_of("fairness"):
        kind = next((kind for kind in statistic.takes if kind in now), None)
        if kind is None:
            continue
        then = before.get(kind, (None,) * len(now[kind]))
        if statistic.per_group:
            yield from _per_group(context, statistic, then, now[kind])
        else:
            for was, is_ in zip(then, now[kind], strict=True):
                yield measure(context, statistic, is_, reference=was, axis=" & ".join(is_.axis))
    yield from _not_kept(context, current)


def _offered(summaries: Summaries | None) -> Offered:
    if summaries is None:
        return {}
    s = summaries
    every = (
        s.groups, s.group_losses, s.group_scores, s.group_residuals, s.group_predictions, s.group_exposures,
        s.group_merits, s.group_classes, tuple(c for c in s.group_class_scores if c is not None),
    )  # fmt: skip
    return {type(found[0]): found for found in every if found}


def _not_kept(context: Context, current: Summaries) -> Iterator[Observation]:
    """What scores of classes would say of each axis that has too many groups for them; of its gaps nothing is said."""
    if not (current.layout.class_scores and current.layout.positive < 0):
        return
    lacking = [s for s in statistics_of("fairness") if s.per_group and GroupClassScores in s.takes]
    for groups, scores in zip(current.groups, current.group_class_scores, strict=True):
        if scores is None:
            for statistic in lacking:
                n = rows(groups, statistic.about.rests_on)
                yield without_value(context, statistic, n, TOO_MANY, axis=" & ".join(groups.axis))


def _per_group(
    context: Context, statistic: Statistic, then: tuple[Any, ...], now: tuple[Any, ...]
) -> Iterator[Observation]:
    nothing = [np.full(len(groups.names), nan) for groups in now]
    p = nothing if statistic.about.is_count else p_values(statistic, now, context.minimum_group_rows)
    for was, is_, p_of_axis in zip(then, now, p, strict=True):
        yield from _of_axis(context, statistic, was, is_, p_of_axis)


def _of_axis(context: Context, statistic: Statistic, then: Any, now: Any, p: FloatArray) -> Iterator[Observation]:
    nothing = np.full(len(now.names), nan)
    values = once(statistic.function, now)
    of_reference = once(statistic.function, then) if then is not None else nothing
    errors = once(statistic.standard_error, now) if statistic.standard_error else nothing
    low, high = statistic.interval(now) if statistic.interval else (nothing, nothing)
    n, m = _rows(statistic, now), _rows(statistic, then) if then is not None else nothing
    for i, name in enumerate(now.names):
        enough = statistic.about.is_count or n[i] >= context.minimum_group_rows
        value = float(values[i]) if enough else nan
        known = not isnan(value)
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
            p_value=float(p[i]) if known else nan,
            standard_error=float(errors[i]) if known else nan,
            low=float(low[i]) if known else nan,
            high=float(high[i]) if known else nan,
            complete=context.complete,
            reason=_reason(context, statistic, value, float(n[i]), enough=enough),
        )


def _rows(statistic: Statistic, groups: Any) -> FloatArray:
    """Rows of each group that the statistic rests on: all, labelled, or those of its denominator."""
    if not isinstance(groups, Groups):
        return support(statistic, groups)
    cells = groups.confusion if statistic.about.rests_on == "labelled" else groups.rows
    count: FloatArray = cells.reshape(len(groups.names), -1).sum(axis=1)
    return count


def _reason(context: Context, statistic: Statistic, value: float, n: float, *, enough: bool) -> str:
    if not enough:
        return f"the group has {n:g} rows, fewer than {context.minimum_group_rows}: it is not compared"
    return f"undefined: {statistic.about.undefined}" if isnan(value) else ""
