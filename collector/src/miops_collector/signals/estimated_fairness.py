"""Whether the model probably treats groups alike before truth comes: estimates per sensitive feature."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import isnan, nan
from typing import Final, TypeAlias

from miops_collector.layout import MOST_GROUP_CLASSES, Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.signals._measure import measure
from miops_collector.signals._without_value import without_value
from miops_collector.statistics import Statistic, once, statistics_of
from miops_collector.statistics.estimated_fairness import (
    CalibratedGroups,
    ClassGroups,
    DecidedGroups,
    GroupErrors,
    calibrated_groups,
    class_groups,
    decided_groups,
    group_errors,
)
from miops_collector.summary import GroupClassScores, GroupLosses, GroupScores

__all__ = ["estimated_fairness"]

FAMILY: Final = "estimated_fairness"
Estimated: TypeAlias = CalibratedGroups | ClassGroups | DecidedGroups | GroupErrors
NO_SCORES: Final = "there are no probabilities of the classes, in the window or its reference: accuracy is estimated"
TOO_MANY: Final = f"classes times groups are more than {MOST_GROUP_CLASSES}: accuracy is estimated"
NO_NUMBERS: Final = "the reference has no predicted numbers: how large errors are by prediction is not known"


def estimated_fairness(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Every estimate of every axis of groups; nothing without a reference and sensitive features.

    Where what a number by group needs is not kept, one observation per axis says so; of its gaps nothing is said.
    """
    if reference is None:
        return
    lacking = CalibratedGroups if current.layout.positive >= 0 else ClassGroups
    for before, window in _pairs(reference, current, context.minimum_group_rows):
        for statistic in statistics_of(FAMILY):
            if type(window) not in statistic.takes:
                if isinstance(window, DecidedGroups) and _lacks(statistic, lacking):
                    n, of = float(window.rows.sum()), " & ".join(window.axis)
                    yield without_value(context, statistic, n, _why(current, window), axis=of)
            elif statistic.per_group:
                yield from _per_group(context, statistic, before, window)
            else:
                yield measure(context, statistic, window, reference=before, axis=" & ".join(window.axis))
    if current.group_predictions and (reference.errors is None or not current.layout.predicted_number):
        for axis in current.group_predictions:
            for statistic in (s for s in statistics_of(FAMILY) if _lacks(s, GroupErrors)):
                yield without_value(context, statistic, float(axis.cells.sum()), NO_NUMBERS, axis=" & ".join(axis.axis))


def _why(current: Summaries, window: DecidedGroups) -> str:
    bound = current.layout.class_scores and len(window.names) * len(current.layout.classes) > MOST_GROUP_CLASSES
    return TOO_MANY if bound else NO_SCORES


def _lacks(statistic: Statistic, kind: type) -> bool:
    return statistic.per_group and kind in statistic.takes


def _pairs(reference: Summaries, current: Summaries, least: float) -> Iterator[tuple[Estimated, Estimated]]:
    """The reference itself and the window in its light, by axis."""
    if current.group_scores:
        known = zip(reference.group_scores, current.group_scores, reference.group_losses, strict=True)
        for then, now, losses in known:
            yield once(_itself, then, losses, least), calibrated_groups(then, now, minimum_rows=least, losses=losses)
        return
    yield from _of_classes(reference, current, least)
    errors, number = reference.errors, current.layout.predicted_number
    if errors is None or number is None:
        return
    of_numbers = zip(reference.group_residuals, reference.group_predictions, current.group_predictions, strict=True)
    for residuals, first, last in of_numbers:
        learnt = partial(group_errors, errors, number.groups, residuals, first, minimum_rows=least)
        yield learnt(first), learnt(last)


def _of_classes(reference: Summaries, current: Summaries, least: float) -> Iterator[tuple[Estimated, Estimated]]:
    """By scores of every class where they are kept, else by decisions."""
    known = zip(
        reference.group_class_scores, current.group_class_scores, reference.groups, current.groups,
        reference.group_losses, strict=True,
    ) if current.layout.classes else ()  # fmt: skip
    for then, now, of, by, losses in known:
        if then is None or now is None or not (then.labelled.any() and now.rows.any()):
            yield decided_groups(of, of, minimum_rows=least), decided_groups(of, by, minimum_rows=least)
        else:
            yield once(_itself, then, losses, least), class_groups(then, now, minimum_rows=least, losses=losses)


def _itself(
    reference: GroupScores | GroupClassScores, losses: GroupLosses, minimum_rows: float
) -> CalibratedGroups | ClassGroups:
    if isinstance(reference, GroupScores):
        return calibrated_groups(reference, reference, minimum_rows=minimum_rows, losses=losses)
    return class_groups(reference, reference, minimum_rows=minimum_rows, losses=losses)


def _per_group(context: Context, statistic: Statistic, before: Estimated, window: Estimated) -> Iterator[Observation]:
    assert statistic.standard_error is not None
    values, of_reference = statistic.function(window), statistic.function(before)
    errors = statistic.standard_error(window)
    assert statistic.interval is not None, f"{statistic.metric}: its family makes no intervals"
    low, high = statistic.interval(window)
    for i, name in enumerate(window.names):
        n, m = float(window.rows[i]), float(before.rows[i])
        reason = _reason(context, statistic, value=float(values[i]), n=n, learnt=window.learnt[i])
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
            low=float(low[i]) if enough else nan,
            high=float(high[i]) if enough else nan,
            complete=context.complete,
            reason=reason,
        )


def _reason(context: Context, statistic: Statistic, *, value: float, n: float, learnt: bool) -> str:
    if not learnt:
        return f"the group has fewer than {context.minimum_group_rows} labelled rows with a score in the reference"
    if n < context.minimum_group_rows:
        return f"the group has {n:g} rows, fewer than {context.minimum_group_rows}: it is not compared"
    return f"undefined: {statistic.about.undefined}" if isnan(value) else ""
