"""Logarithmic loss, from few labels and many predictions."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.prediction_powered._losses import ScoredLosses, log_losses
from miops_collector.statistics.prediction_powered._tuned import Powered

__all__ = ["estimate", "log_loss"]


@statistic(
    bounds=(0.0, inf),
    higher="worse",
    undefined="no labelled rows, or scores are no probabilities",
    rests_on="labelled",
)
def log_loss(window: ScoredLosses) -> float:
    """How surprised the model is by the truth, from the rows whose truth came and what scores say of the others.

    ::

        log loss = ȳ labelled + λ (f̄ others - f̄ labelled)
        y: log loss of a row, exact;  f = -q ln s - (1 - q) ln(1 - s)
        s: probability, the centre of its bin;  q: what it meant in the reference;  λ: power tuning, as of ``accuracy``

    0 = certain and always right, 0.693 = a fair guess, no upper bound; lower is better.

    Parameters
    ----------
    window
        Scores with the truth known so far, what they mean by the truth of the reference, and the sums of log losses.

    Returns
    -------
    float
        ``nan`` if no labelled rows, or scores are no probabilities.

    Notes
    -----
    Holds while truth comes to any row of the window alike, which ``labelled_difference`` watches as far as it shows.
    What scores mean may have changed: concept drift does not bias it. A few confident
    mistakes can make it, and then an interval from few labels is too short; prefer ``brier``, which is bounded. Binary
    classifiers only, as ``brier``.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.statistics.estimated_performance import CalibratedScores, Calibration
    >>> from miops_collector.summary import Losses, ScoreHistogram
    >>> truth = np.array([[[30.0, 2.0], [0, 0]], [[14, 6], [0, 0]], [[0, 0], [5, 11]], [[0, 0], [3, 29]]])
    >>> others = np.array([[300.0, 0.0], [260.0, 0.0], [0.0, 220.0], [0.0, 220.0]])
    >>> scores = ScoreHistogram(np.linspace(0, 1, 5), True, truth.sum(axis=2) + others, truth)
    >>> chance, pool = np.array([0.1, 0.4, 0.6, 0.9]), np.arange(4)
    >>> learnt = Calibration(np.linspace(0.125, 0.875, 4), chance, chance * (1 - chance), pool, np.zeros(4), True)
    >>> losses = Losses(np.array([100.0, 44.0, 36.0, 14.0, 4.0]))
    >>> window = ScoredLosses(CalibratedScores(scores, learnt), losses)
    >>> found = estimate(window)
    >>> round(found.value, 4), round(found.standard_error, 4), round(found.tuning, 2)
    (0.4693, 0.039, 0.71)

    References
    ----------
    A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan, T. Zrnic, "Prediction-powered inference", Science 382,
    2023, doi:10.1126/science.adi6000.
    A. N. Angelopoulos, J. C. Duchi, T. Zrnic, "PPI++: efficient prediction-powered inference", 2023,
    doi:10.48550/arXiv.2311.01453.
    """
    return max(estimate(window).value, 0.0)


def estimate(window: ScoredLosses) -> Powered:
    """With its standard error and how far predictions are trusted."""
    return log_losses(window)
