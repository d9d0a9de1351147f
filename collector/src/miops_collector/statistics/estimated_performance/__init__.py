"""How right a model probably is where truth is not known yet, and how wrong such estimates turn out to be.

Confidence-based performance estimation (CBPE). A calibrated score *is* the chance that a row is positive, so the cells
of the confusion matrix can be expected before truth comes, and every performance statistic follows from the expected
cells: ``(scores seen through the reference's calibration) -> float``.

All estimates assume, and fail without:

- that the share of positives (or of a class) among rows of one score is still that of the reference. Covariate shift
  is followed as far as it shows in the scores; *concept drift is invisible*. Statistics ending in ``_gap`` watch for
  it: realised minus estimated on the very rows whose truth came. Every estimate has one;
- that the scores of the window lie where the reference had rows: beyond them the nearest known share is used;
- that the reference has enough truth: the standard errors say how much is lost when it has little.

Of a regression the sums that its statistics are made of are expected (direct loss estimation): of every row what rows
of such predictions added in the reference. That fails besides

- where errors grow among rows of the same prediction, which a loss model of the features could see;
- beyond the predictions of the reference, which count as its outermost ones;
- for ``bias``: of a model that was right on average at every prediction it says 0, whatever happens to the target.
  ``bias_gap`` shows that, when truth comes.

One more statistic of a regression is one more file: all the sums it can be made of are expected
(:class:`~miops_collector.summary.ErrorSum`).

Of several classes each is taken against the rest of them, and what is estimated is the mean over classes (macro).
NannyML 0.13.1 makes the calibrated chances of each row add up to 1, for which the row must be kept. On 24 simulated
windows of three and five classes the two differ by at most 0.013 in accuracy and 0.009 in macro F1, less than the
standard errors that both have there, and these estimates lay nearer to what turned out: of five overconfident classes
accuracy was missed by 0.012 on average, by NannyML by 0.018.
"""

from __future__ import annotations

from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._calibration import Calibration, calibration
from miops_collector.statistics.estimated_performance._classes import Calibrated, CalibratedClasses, calibrated
from miops_collector.statistics.estimated_performance._errors import ExpectedErrors, LossModel, loss_model
from miops_collector.statistics.estimated_performance._shifts import completed as complete

__all__ = [
    "Calibrated",
    "CalibratedClasses",
    "CalibratedScores",
    "Calibration",
    "ExpectedErrors",
    "LossModel",
    "calibrated",
    "calibration",
    "complete",
    "loss_model",
]
