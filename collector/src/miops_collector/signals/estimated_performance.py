"""How right a binary classifier probably is before truth comes, and how far truth that came was from the estimate."""

from __future__ import annotations

from collections.abc import Iterator

from miops_collector.layout import Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.signals._measure import measure
from miops_collector.statistics import Statistic, statistics_of
from miops_collector.statistics.estimated_performance import CalibratedScores, calibration
from miops_collector.summary import ScoreHistogram

__all__ = ["estimated_performance"]


def estimated_performance(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Every estimate and its gap to truth; nothing without a reference, scores and a positive class."""
    then = _scores(reference)
    now = _scores(current)
    if then is None or now is None:
        return
    learnt = float(then.labelled.sum())
    if learnt < max(context.minimum_rows, 1):
        yield from (_unlearnt(context, s, now, learnt) for s in statistics_of("estimated_performance"))
        return
    meaning = calibration(then)
    before, window = CalibratedScores(then, meaning), CalibratedScores(now, meaning)
    for statistic in statistics_of("estimated_performance"):
        yield measure(context, statistic, window, reference=before)


def _scores(summaries: Summaries | None) -> ScoreHistogram | None:
    return summaries.scores if summaries is not None and summaries.layout.positive >= 0 else None


def _unlearnt(context: Context, statistic: Statistic, now: ScoreHistogram, learnt: float) -> Observation:
    counted = now.labelled if statistic.about.rests_on == "labelled" else now.rows
    return Observation(
        metric=statistic.metric,
        model=context.model,
        window=context.window,
        value=float("nan"),
        n=float(counted.sum()),
        status="insufficient_data",
        computed_at=context.computed_at,
        n_reference=learnt,
        segment=context.segment,
        complete=context.complete,
        reason=f"the reference has {learnt:g} labelled rows with a score, fewer than {max(context.minimum_rows, 1)}",
    )
