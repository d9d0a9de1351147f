"""Log loss of every group in the reference, and how much of it is expected where scores are known by bin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics.estimated_fairness._rates import Rate
from miops_collector.statistics.estimated_performance import CalibratedClasses, CalibratedScores
from miops_collector.statistics.estimated_performance.log_loss import log_loss
from miops_collector.summary import FloatArray, GroupLosses

__all__ = ["Surprise", "by_bins", "surprise_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Surprise:
    """What log losses of groups were in the reference.

    Bins of the scores of groups are few: of a score in the outermost it is known that it is beyond 0.98, and not
    whether it is 0.99 or 0.999999, which makes all the difference to a loss. So of the bins only by how much the loss
    *grows* is taken, and how large it was from the rows themselves.

    Attributes
    ----------
    mean, variance
        ``(g,)`` of the losses of labelled rows, each by its own score.
    known
        ``(g,)`` such rows.
    by_bin
        ``(g,)`` mean that is expected of them by the bins of their scores; ``nan`` for groups that mean nothing.
    """

    mean: FloatArray
    variance: FloatArray
    known: FloatArray
    by_bin: FloatArray

    def now(self, by_bin: FloatArray, rows: FloatArray) -> Rate:
        """Of rows of which ``by_bin`` is expected by their bins; its error of so many, and of a reference of so many.

        Losses vary as they did, and grow in proportion.
        """
        growth = ratio(by_bin, self.by_bin)
        one = np.ones_like(rows)
        return Rate(self.mean * growth, growth * np.sqrt(self.variance * (ratio(one, rows) + ratio(one, self.known))))


def surprise_of(losses: GroupLosses, groups: Sequence[CalibratedScores | CalibratedClasses | None]) -> Surprise:
    """``groups`` are labelled rows of the reference in their own light."""
    known, total, squares = losses.sums[:, :3].T
    mean = ratio(total, known)
    return Surprise(mean, np.maximum(ratio(squares, known) - mean**2, 0.0), known, by_bins(groups))


def by_bins(groups: Sequence[CalibratedScores | CalibratedClasses | None]) -> FloatArray:
    """``(g,)`` log loss of each group with every score at the centre of its bin."""
    return np.array([log_loss(g) if g else np.nan for g in groups])
