"""How many rows a statistic of a summary rests on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from miops_collector.statistics import RestsOn
from miops_collector.statistics.estimated_fairness import CalibratedGroups, ClassGroups, DecidedGroups, GroupErrors
from miops_collector.statistics.estimated_performance import CalibratedClasses, CalibratedScores, ExpectedErrors
from miops_collector.statistics.prediction_powered import ScoredLosses
from miops_collector.summary import (
    Attempts,
    ClassScores,
    Confidence,
    Confusion,
    ErrorProfile,
    Frequencies,
    GroupClasses,
    GroupClassScores,
    GroupExposures,
    GroupLosses,
    GroupMerits,
    GroupPredictions,
    GroupResiduals,
    Groups,
    GroupScores,
    Histogram,
    Latency,
    Losses,
    Moments,
    Residuals,
    ScoreHistogram,
    Segments,
    Volume,
)

__all__ = ["COUNTS", "rows"]

COUNTS: Final[dict[tuple[type, RestsOn], Callable[[Any], float]]] = {
    (Attempts, "rows"): lambda s: s.weight,
    (CalibratedClasses, "labelled"): lambda s: s.labelled,
    (CalibratedClasses, "rows"): lambda s: s.rows,
    (CalibratedGroups, "rows"): lambda s: float(s.rows.sum()),
    (CalibratedScores, "labelled"): lambda s: s.labelled,
    (CalibratedScores, "rows"): lambda s: s.rows,
    (ClassGroups, "rows"): lambda s: float(s.rows.sum()),
    (ClassScores, "labelled"): lambda s: float(s.labelled.sum(axis=(1, 2, 3)).max(initial=0.0)),
    (ClassScores, "rows"): lambda s: float(s.rows.sum(axis=(1, 2)).max(initial=0.0)),
    (Confidence, "labelled"): lambda s: float(s.bins[:, 1].sum()),
    (Confidence, "values"): lambda s: float(s.sums[0]),
    (Confusion, "labelled"): lambda s: float(s.cells.sum()),
    (DecidedGroups, "rows"): lambda s: float(s.rows.sum()),
    (ErrorProfile, "labelled"): lambda s: float(s.labelled[:, 0].sum()),
    (ExpectedErrors, "labelled"): lambda s: s.labelled,
    (ExpectedErrors, "rows"): lambda s: s.rows,
    (Frequencies, "rows"): lambda s: s.rows,
    (Frequencies, "values"): lambda s: s.values,
    (GroupClassScores, "labelled"): lambda s: float(s.labelled.sum(axis=(2, 3, 4)).max(axis=1, initial=0.0).sum()),
    (GroupClasses, "labelled"): lambda s: float(s.confusion.sum()),
    (GroupErrors, "rows"): lambda s: float(s.rows.sum()),
    (GroupExposures, "rows"): lambda s: float(s.rows.sum()),
    (GroupLosses, "labelled"): lambda s: float(s.sums[:, 0].sum()),
    (GroupMerits, "labelled"): lambda s: float(s.rows.sum()),
    (GroupPredictions, "rows"): lambda s: float(s.cells.sum()),
    (GroupResiduals, "labelled"): lambda s: float(s.sums[:, 0].sum()),
    (GroupScores, "labelled"): lambda s: float(s.labelled.sum()),
    (Groups, "labelled"): lambda s: float(s.confusion.sum()),
    (Groups, "rows"): lambda s: float(s.rows.sum()),
    (Histogram, "rows"): lambda s: s.rows,
    (Histogram, "values"): lambda s: s.values,
    (Latency, "values"): lambda s: float(s.sums[0]),
    (Losses, "labelled"): lambda s: float(s.sums[0]),
    (Moments, "values"): lambda s: s.count,
    (Residuals, "labelled"): lambda s: float(s.sums[0]),
    (ScoreHistogram, "labelled"): lambda s: float(s.labelled.sum()),
    (ScoreHistogram, "rows"): lambda s: float(s.rows.sum()),
    (ScoredLosses, "labelled"): lambda s: s.labelled,
    (Segments, "labelled"): lambda s: float(s.sums[:, 0].sum()),
    (Volume, "rows"): lambda s: s.rows,
}


def rows(summary: object, rests_on: RestsOn) -> float:
    """Weight of the rows that count."""
    return COUNTS[type(summary), rests_on](summary)
