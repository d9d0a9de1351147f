"""How right a binary classifier probably is where truth is not known yet, and how wrong such estimates turn out to be.

Confidence-based performance estimation (CBPE). A calibrated score *is* the chance that a row is positive, so the cells
of the confusion matrix can be expected before truth comes, and every performance statistic follows from the expected
cells: ``(scores seen through the reference's calibration) -> float``.

All estimates assume, and fail without:

- that the share of positives among rows of one score is still that of the reference. Covariate shift is followed as
  far as it shows in the scores; *concept drift is invisible*. Statistics ending in ``_gap`` watch for it: realised
  minus estimated on the very rows whose truth came;
- that the scores of the window lie where the reference had rows: beyond them the nearest known share is used;
- that the reference has enough truth: the standard errors say how much is lost when it has little.

Estimates are of the binary task only. Groups are not estimated: what is kept of a group is its decisions, not its
scores.
"""

from __future__ import annotations

from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._calibration import Calibration, calibration

__all__ = ["CalibratedScores", "Calibration", "calibration"]
