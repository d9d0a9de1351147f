"""Several classes as one against the rest of them: what holds of a binary classifier, of each class in turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import TypeAlias

import numpy as np

from miops_collector.statistics._ratio import mean_of_defined
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._calibration import calibration
from miops_collector.summary import ClassScores, ScoreHistogram

__all__ = ["Calibrated", "CalibratedClasses", "calibrated", "each", "error_over_classes", "over_classes"]


@dataclass(frozen=True, eq=False)  # no slots: what several statistics need is expected once
class CalibratedClasses:
    """Scores of every class of a window, each seen through what it meant in the reference.

    Each class has a calibration of its own, and the chances of one row need not add up to 1: of a row only the bins
    of its single scores are kept. Over the rows of a bin they are right on average.
    """

    classes: tuple[CalibratedScores, ...]

    @cached_property
    def rows(self) -> float:
        """Rows that have scores."""
        return max((c.rows for c in self.classes), default=0.0)

    @cached_property
    def labelled(self) -> float:
        """Those of them whose truth came."""
        return max((c.labelled for c in self.classes), default=0.0)


Calibrated: TypeAlias = CalibratedScores | CalibratedClasses
OfClass: TypeAlias = Callable[[CalibratedScores], float]


def calibrated(reference: ScoreHistogram | ClassScores, window: ScoreHistogram | ClassScores) -> Calibrated:
    """Scores of a window in the light of the reference's truth, of which there must be some; both of the same kind.

    Classes whose scores no labelled row of the reference has are left out.
    """
    if isinstance(reference, ScoreHistogram) and isinstance(window, ScoreHistogram):
        return CalibratedScores(window, calibration(reference))
    assert isinstance(reference, ClassScores)
    assert isinstance(window, ClassScores)
    pairs = zip(reference.against_rest(), window.against_rest(), strict=True)
    return CalibratedClasses(
        tuple(CalibratedScores(now, calibration(then)) for then, now in pairs if then.labelled.sum() > 0)
    )


def each(scores: Calibrated) -> tuple[CalibratedScores, ...]:
    """The positive class of a binary classifier, or every class of several."""
    return (scores,) if isinstance(scores, CalibratedScores) else scores.classes


def over_classes(value: OfClass, scores: Calibrated) -> float:
    """Mean over classes (macro); classes for which it is undefined are left out."""
    return mean_of_defined(np.array([value(c) for c in each(scores)]))


def error_over_classes(error: OfClass, scores: Calibrated) -> float:
    """Standard error of such a mean: at most this.

    One row's truth moves the numbers of two classes, the one it is and the one that was decided, so the variance of
    their sum is at most twice the sum of their variances. It is half of that for statistics of the decided rows alone.
    """
    errors = np.array([error(c) for c in each(scores)])
    known = errors[~np.isnan(errors)]
    moved = min(known.size, 2)
    return sqrt(moved * float(known @ known)) / known.size if known.size else float("nan")
