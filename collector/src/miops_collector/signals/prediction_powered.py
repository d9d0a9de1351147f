"""How right a model is while the truth of only some rows is known: labels and predictions together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite, isnan, nan
from typing import Any, Final, TypeAlias

from miops_collector.layout import Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.signals._measure import measure, of_window, pick
from miops_collector.signals._rows import rows
from miops_collector.signals._without_value import unlearnt
from miops_collector.statistics import Statistic, once, statistics_of
from miops_collector.statistics.estimated_performance import (
    CalibratedClasses,
    CalibratedScores,
    ExpectedErrors,
    calibrated,
    loss_model,
)
from miops_collector.statistics.prediction_powered import ScoredLosses
from miops_collector.summary import ClassScores, ErrorProfile, ScoreHistogram

__all__ = ["prediction_powered"]

FAMILY: Final = "prediction_powered"
UNLIKE: Final = "labelled_difference"
FEWEST_LOSSES: Final = 100
"""Labelled rows: means of losses are skewed, and need more of them than shares."""
SURE, LARGE = 0.001, 0.05
"""Labelled rows are said to differ from the others at this p-value and from this difference on."""
Predicted: TypeAlias = ScoreHistogram | ClassScores | ErrorProfile
KINDS: Final[Mapping[type, tuple[type, ...]]] = {
    ScoreHistogram: (CalibratedScores, ScoredLosses),
    ClassScores: (CalibratedClasses,),
    ErrorProfile: (ExpectedErrors,),
}
COMPLETE: Final = "all rows have their truth: miops.performance says it without predictions"


def prediction_powered(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Every prediction-powered estimate; nothing before truth comes, and without a reference that says what to expect.

    Where all rows have their truth there is no value but a reason: it takes back what was said while truth was coming.
    """
    then, now = _predicted(reference), _predicted(current)
    if reference is None or then is None or now is None or not rows(now, "labelled") > 0:
        return
    applicable = [s for s in statistics_of(FAMILY) if set(s.takes) & set(KINDS[type(now)])]
    learnt, labelled = rows(then, "labelled"), rows(now, "labelled")
    if learnt < max(context.minimum_rows, 1):
        yield from (unlearnt(context, s, labelled, learnt) for s in applicable)
        return
    window = _window(then, now, current)
    others = float(now.rows.sum() if isinstance(now, ErrorProfile) else rows(now, "rows")) - labelled
    unlike = _unlike(context, applicable, window) if others > 0 else ""
    for statistic in applicable:
        found = measure(_enough(context, statistic), statistic, _of(statistic, window))
        of_reference = once(_of_reference, reference, statistic.name)
        found = replace(found, n_reference=learnt, reference=of_reference if found.status == "ok" else nan)
        yield _told(found, statistic, window, others, unlike) if others > 0 else _taken_back(found)


def _predicted(summaries: Summaries | None) -> Predicted | None:
    """Scores of the positive class, of every class where none is positive, or predicted numbers."""
    if summaries is None:
        return None
    scores = summaries.scores if summaries.layout.positive >= 0 else summaries.class_scores
    return summaries.errors if scores is None else scores


def _window(then: Predicted, now: Predicted, current: Summaries) -> dict[type, Any]:
    """What the statistics take, by kind."""
    if isinstance(now, ErrorProfile):
        assert isinstance(then, ErrorProfile)
        return {ExpectedErrors: ExpectedErrors(now, loss_model(then))}
    assert not isinstance(then, ErrorProfile)
    scores = calibrated(then, now)
    if not isinstance(scores, CalibratedScores) or current.losses is None:
        return {type(scores): scores}
    return {CalibratedScores: scores, ScoredLosses: ScoredLosses(scores, current.losses)}


def _of(statistic: Statistic, window: dict[type, Any]) -> Any:
    return next(window[kind] for kind in statistic.takes if kind in window)


def _enough(context: Context, statistic: Statistic) -> Context:
    about = statistic.about
    is_loss = (about.higher == "worse" or not isfinite(about.bounds[0])) and statistic.name != UNLIKE
    return replace(context, minimum_rows=max(context.minimum_rows, FEWEST_LOSSES)) if is_loss else context


def _unlike(context: Context, statistics: Sequence[Statistic], window: dict[type, Any]) -> str:
    """Why the estimates may be wrong; empty if labelled rows look like the others as far as can be seen."""
    found = next(measure(context, s, _of(s, window)) for s in statistics if s.name == UNLIKE)
    if not (found.p_value < SURE and found.value >= LARGE):
        return ""
    return (
        f"; truth did not come to all rows alike: {100 * found.value:.0f} % of the labelled rows were predicted as the"
        f" others were not (p = {found.p_value:.1g}), and the interval may miss"
    )


def _told(found: Observation, statistic: Statistic, window: dict[type, Any], others: float, unlike: str) -> Observation:
    """With what it rests on."""
    if isnan(found.value) or statistic.estimate is None:
        return found
    trust = statistic.estimate(_of(statistic, window)).tuning
    return replace(found, reason=f"{found.n:g} labels and {others:g} more predictions, λ = {trust:.2f}{unlike}")


def _taken_back(found: Observation) -> Observation:
    return replace(found, value=nan, standard_error=nan, low=nan, high=nan, p_value=nan, reason=COMPLETE)


def _of_reference(reference: Summaries, name: str) -> float:
    """By its truth alone."""
    offered = of_window(reference)
    found = pick(offered, [s for s in statistics_of("performance") if s.name == name])
    return next((float(s.function(offered[kind])) for s, kind in found), nan)
