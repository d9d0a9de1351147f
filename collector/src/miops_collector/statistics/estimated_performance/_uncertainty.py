"""How far chance takes realised values from estimates while the calibration holds."""

from __future__ import annotations

from math import hypot, sqrt

import numpy as np

from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._sensitivity import Sensitivity

__all__ = ["error_of_calibration", "error_of_gap", "error_of_truth"]


def error_of_calibration(scores: CalibratedScores, sensitivity: Sensitivity) -> float:
    """Standard error of an estimate because the chances were learnt from so many rows of the reference and no more.

    The bins of one pool of the isotonic fit share one error: ``√ Σ over pools (Σ rows · sensitivity)² · variance``.
    """
    rows = scores.scores.rows
    pull = np.einsum("bc,bc->b", rows, np.broadcast_to(sensitivity(scores), rows.shape))
    of_blocks = np.bincount(scores.calibration.block, pull, scores.calibration.block_variance.size)
    return sqrt(float(of_blocks**2 @ scores.calibration.block_variance))


def error_of_truth(scores: CalibratedScores, sensitivity: Sensitivity) -> float:
    """Standard error of what turns out of these very rows, by the chance of each truth given its score.

    ``√ Σ rows · sensitivity² · variance of a truth``.
    """
    rows, square = scores.scores.rows, sensitivity(scores) ** 2
    per_bin = np.einsum("bc,bc->b", rows, np.broadcast_to(square, rows.shape))
    return sqrt(float(scores.calibration.row_variance @ per_bin))


def error_of_gap(scores: CalibratedScores, sensitivity: Sensitivity) -> float:
    """Standard error of realised minus estimated on the rows whose truth came.

    Rows and scores are the same on both sides, so what is left is the chance of each truth given its score, and the
    error of the calibration.
    """
    known = scores.known
    return hypot(error_of_truth(known, sensitivity), error_of_calibration(known, sensitivity))
