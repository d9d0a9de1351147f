"""Brier score, from few labels and many predictions."""

from __future__ import annotations

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import CalibratedScores
from miops_collector.statistics.prediction_powered._losses import squared_distances
from miops_collector.statistics.prediction_powered._tuned import Powered

__all__ = ["brier", "estimate"]


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="no labelled rows, or scores are no probabilities",
    rests_on="labelled",
)
def brier(scores: CalibratedScores) -> float:
    """Mean squared error of the probabilities, from the rows whose truth came and what scores say of the others.

    ::

        Brier = ȳ labelled + λ (f̄ others - f̄ labelled)
        y = (s - truth)²;  f = q (1 - s)² + (1 - q) s²
        s: probability, the centre of its bin;  q: what it meant in the reference;  λ: power tuning, as of ``accuracy``

    0 = certain and always right, 1 = certain and always wrong; lower is better.

    Parameters
    ----------
    scores
        Scores of the window with the truth known so far, and what they mean by the truth of the reference.

    Returns
    -------
    float
        ``nan`` if no labelled rows, or scores are no probabilities.

    Notes
    -----
    Holds while truth comes to any row of the window alike, which ``labelled_difference`` watches as far as it shows.
    What scores mean may have changed: concept drift does not bias it. Binary classifiers
    only: of several classes the sums of a row's distances are not kept with its bins. Prefer ``accuracy`` where
    decisions count and not probabilities.

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
    (0.14, 0.0178, 0.8)

    References
    ----------
    A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan, T. Zrnic, "Prediction-powered inference", Science 382,
    2023, doi:10.1126/science.adi6000.
    A. N. Angelopoulos, J. C. Duchi, T. Zrnic, "PPI++: efficient prediction-powered inference", 2023,
    doi:10.48550/arXiv.2311.01453.
    """
    return min(max(estimate(scores).value, 0.0), 1.0)


def estimate(scores: CalibratedScores) -> Powered:
    """With its standard error and how far predictions are trusted."""
    return squared_distances(scores)
