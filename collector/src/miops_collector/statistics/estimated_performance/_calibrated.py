"""The scores of a window seen through the calibration of its reference: what truth to expect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from miops_collector.statistics.estimated_performance._calibration import Calibration
from miops_collector.summary import Confusion, FloatArray, ScoreHistogram

__all__ = ["CalibratedScores"]

CLASSES = ("negative", "positive")


@dataclass(frozen=True, eq=False)  # no slots: what several statistics need is expected once
class CalibratedScores:
    """Scores of a window and what they mean; both have the same bins."""

    scores: ScoreHistogram
    calibration: Calibration

    @cached_property
    def rows(self) -> float:
        """Rows that have a score."""
        return float(self.scores.rows.sum())

    @cached_property
    def labelled(self) -> float:
        """Those of them whose truth came."""
        return float(self.scores.labelled.sum())

    @cached_property
    def expected(self) -> ScoreHistogram:
        """The same rows as if all had truth: each counts as positive by its chance, as negative by the rest."""
        rows, chance = self.scores.rows, self.calibration.probability[:, None]
        return replace(self.scores, labelled=np.stack((rows * (1 - chance), rows * chance), axis=2))

    @cached_property
    def by_truth(self) -> FloatArray:
        """``(b, 2)`` expected rows by truth, whatever the decision."""
        labelled = self.expected.labelled
        return labelled[:, 0] + labelled[:, 1]

    @cached_property
    def confusion(self) -> Confusion:
        """Expected cells."""
        return _confusion(self.expected)

    @cached_property
    def known(self) -> CalibratedScores:
        """The rows whose truth came, and no others."""
        return replace(
            self, scores=replace(self.scores, rows=self.scores.labelled[..., 0] + self.scores.labelled[..., 1])
        )

    @cached_property
    def realised(self) -> Confusion:
        """Cells of the rows whose truth came."""
        return _confusion(self.scores)

    @property
    def cells(self) -> tuple[float, float, float, float]:
        """Expected TP, FP, FN, TN."""
        (tn, fp), (fn, tp) = self.confusion.cells.tolist()
        return tp, fp, fn, tn


def _confusion(scores: ScoreHistogram) -> Confusion:
    cells: FloatArray = scores.labelled.sum(axis=0).T
    return Confusion(CLASSES, 1, cells)
