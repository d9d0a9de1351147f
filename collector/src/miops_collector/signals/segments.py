"""Where the model is wrong: the worst segments, found among all columns and pairs of columns."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from typing import Any

import numpy as np

from miops_collector.layout import Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.statistics import Statistic, statistics_of
from miops_collector.statistics.segments import Found, worst
from miops_collector.summary import FloatArray, Segments

__all__ = ["segments"]

MOST = 10
"""Segments that are named for each question: their series are as many at most."""
Axes = tuple[Segments, ...]


def segments(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """The worst segments and their losses; nothing where there is no truth, or none is worse by more than chance."""
    now, then = current.segments, reference.segments if reference is not None else ()
    if context.segment or not sum(float(axis.sums[:, 0].sum()) for axis in now) > 0:
        return
    family = {s.name: s for s in statistics_of("segments")}
    shown: dict[tuple[int, int], Found] = {}
    for name in ("excess_loss", "added_loss"):
        statistic = family[name]
        if statistic.compares and not then:
            continue
        values, errors = _numbers(statistic, then, now)
        for found in worst(now, values, errors, minimum_rows=context.minimum_group_rows, most=MOST):
            shown.setdefault((found.axis, found.place), found)
            yield _observation(context, statistic, then, now, found, values, errors)
    if not shown:
        return
    values, errors = _numbers(family["loss"], then, now)
    before = _numbers(family["loss"], (), then)[0] if then else None
    for found in shown.values():
        yield _observation(context, family["loss"], then, now, found, values, errors, before)


def _numbers(statistic: Statistic, then: Axes, now: Axes) -> tuple[list[FloatArray], list[FloatArray]]:
    assert statistic.standard_error is not None
    arguments: list[tuple[Any, ...]] = list(zip(then, now, strict=True)) if statistic.compares else [(s,) for s in now]
    return [statistic.function(*a) for a in arguments], [statistic.standard_error(*a) for a in arguments]


def _observation(
    context: Context, statistic: Statistic, then: Axes, now: Axes, found: Found,
    values: list[FloatArray], errors: list[FloatArray], before: list[FloatArray] | None = None,
) -> Observation:  # fmt: skip
    value, error = float(values[found.axis][found.place]), float(errors[found.axis][found.place])
    slack = 1.96 * error
    return Observation(
        metric=statistic.metric,
        model=context.model,
        window=context.window,
        value=value,
        n=float(now[found.axis].sums[found.place, 0]),
        status="ok",
        computed_at=context.computed_at,
        n_reference=float(then[found.axis].sums[found.place, 0]) if then else nan,
        reference=float(before[found.axis][found.place]) if before else nan,
        segment=found.name,
        p_value=nan if statistic.name == "loss" else found.p_value,
        standard_error=error,
        low=max(value - slack, statistic.about.bounds[0]) if np.isfinite(slack) else nan,
        high=value + slack,
        complete=context.complete,
    )
