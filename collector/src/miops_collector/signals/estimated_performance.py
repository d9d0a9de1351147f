"""How right a model probably is before truth comes, and how far truth that came was from the estimate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import isnan
from typing import Final

from miops_collector.layout import Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.signals._measure import measure
from miops_collector.signals._rows import rows
from miops_collector.signals._without_value import unlearnt
from miops_collector.statistics import Statistic, statistics_of
from miops_collector.statistics.estimated_performance import (
    CalibratedClasses,
    CalibratedScores,
    ExpectedErrors,
    calibrated,
    loss_model,
)
from miops_collector.summary import ClassScores, ScoreHistogram

__all__ = ["estimated_performance"]

TWO_SIDED: Final = 1.96
"""Standard errors to either side of a normal number that hold it 95 times of 100."""


def estimated_performance(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Every estimate and its gap to truth; nothing without a reference, and without scores."""
    then, now = _scores(reference), _scores(current)
    if then is None or now is None:
        yield from _of_regression(context, reference, current)
        return
    kind = CalibratedScores if isinstance(now, ScoreHistogram) else CalibratedClasses
    applicable = [s for s in statistics_of("estimated_performance") if kind in s.takes]
    learnt = rows(then, "labelled")
    if learnt < max(context.minimum_rows, 1):
        yield from (unlearnt(context, s, rows(now, s.about.rests_on), learnt) for s in applicable)
        return
    before, window = calibrated(then, then), calibrated(then, now)
    for statistic in applicable:
        yield _with_band(measure(context, statistic, window, reference=before), statistic)


def _of_regression(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    then = reference.errors if reference is not None else None
    now = current.errors
    if then is None or now is None:
        return
    applicable = [s for s in statistics_of("estimated_performance") if ExpectedErrors in s.takes]
    learnt = float(then.labelled[:, 0].sum())
    if learnt < max(context.minimum_rows, 1):
        n = {"rows": float(now.rows.sum()), "labelled": float(now.labelled[:, 0].sum())}
        yield from (unlearnt(context, s, n[s.about.rests_on], learnt) for s in applicable)
        return
    model = loss_model(then)
    for statistic in applicable:
        found = measure(context, statistic, ExpectedErrors(now, model), reference=ExpectedErrors(then, model))
        yield _with_band(found, statistic)


def _with_band(found: Observation, statistic: Statistic) -> Observation:
    """With its interval of 95 %, which holds while scores mean what they meant in the reference."""
    (lowest, highest), slack = statistic.about.bounds, TWO_SIDED * found.standard_error
    if isnan(found.value) or isnan(slack):
        return found
    return replace(found, low=max(found.value - slack, lowest), high=min(found.value + slack, highest))


def _scores(summaries: Summaries | None) -> ScoreHistogram | ClassScores | None:
    """Of the positive class, or of every class where none is positive."""
    if summaries is None:
        return None
    return summaries.scores if summaries.layout.positive >= 0 else summaries.class_scores
