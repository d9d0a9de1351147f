"""Accuracy, from few labels and many predictions."""

from __future__ import annotations

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import Calibrated
from miops_collector.statistics.prediction_powered._shares import right_decisions
from miops_collector.statistics.prediction_powered._tuned import Powered

__all__ = ["accuracy", "estimate"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="no labelled rows, or it is not known what scores mean",
    rests_on="labelled",
    scale_free=False,
)
def accuracy(scores: Calibrated) -> float:
    """Share of decisions that are right, from the rows whose truth came and what scores say of the others.

    ::

        accuracy = r̄ labelled + λ (q̄ others - q̄ labelled)
        r: 1 if a decision was right, else 0;  q: its chance to be, by the calibrated score, of the rows without truth
        and of those with it;  λ = Cov(r, q) / ((1 + n / N) Var(q)), within [0, 1];  n labelled rows, N others

    0 … 1; higher is better.

    Parameters
    ----------
    scores
        Scores of the window by predicted class with the truth known so far, and what they mean by the truth of the
        reference.

    Returns
    -------
    float
        ``nan`` if no labelled rows, or it is not known what scores mean.

    Notes
    -----
    Holds while truth comes to any row of the window alike, which ``labelled_difference`` watches as far as it shows.
    What scores mean may have changed: concept drift does not bias it. Prefer
    ``balanced_accuracy`` when one class is rare.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.statistics.estimated_performance import CalibratedScores, Calibration
    >>> from miops_collector.summary import ScoreHistogram
    >>> truth = np.array([[[30.0, 2.0], [0, 0]], [[14, 6], [0, 0]], [[0, 0], [5, 11]], [[0, 0], [3, 29]]])
    >>> others = np.array([[300.0, 0.0], [260.0, 0.0], [0.0, 220.0], [0.0, 220.0]])
    >>> scores = ScoreHistogram(np.linspace(0, 1, 5), True, truth.sum(axis=2) + others, truth)
    >>> chance, pool = np.array([0.1, 0.4, 0.6, 0.9]), np.arange(4)
    >>> learnt = Calibration(np.linspace(0.125, 0.875, 4), chance, chance * (1 - chance), pool, np.zeros(4), True)
    >>> window = CalibratedScores(scores, learnt)
    >>> found = estimate(window)
    >>> round(found.value, 4), round(found.standard_error, 4), round(found.tuning, 2)
    (0.817, 0.0355, 0.64)

    References
    ----------
    A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan, T. Zrnic, "Prediction-powered inference", Science 382,
    2023, doi:10.1126/science.adi6000.
    A. N. Angelopoulos, J. C. Duchi, T. Zrnic, "PPI++: efficient prediction-powered inference", 2023,
    doi:10.48550/arXiv.2311.01453.
    """
    return estimate(scores).value


def estimate(scores: Calibrated) -> Powered:
    """With its standard error and how far predictions are trusted."""
    return right_decisions(scores)
