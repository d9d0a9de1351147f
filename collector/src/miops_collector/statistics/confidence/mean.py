"""Mean confidence."""

from __future__ import annotations

from miops_collector.statistics._mean import error_of_mean
from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Confidence

__all__ = ["mean", "standard_error"]


@statistic(bounds=(0.0, 1.0), higher="neither", undefined="no rows with class scores", rests_on="values")
def mean(confidence: Confidence) -> float:
    """Score of the predicted class, on average.

    ::

        mean confidence = Σ score of the predicted class / n

    1/k = undecided among k classes, 1 = certain. A fall often comes before a fall of accuracy; a rise is no virtue in
    itself.

    Parameters
    ----------
    confidence
        Sums over rows with class scores.

    Returns
    -------
    float
        ``nan`` without such rows.

    Notes
    -----
    If scores are calibrated it is the accuracy to expect. It says nothing about being right: see
    ``expected_calibration_error``. Prefer ``low_confidence_share`` for the rows to send to a person, ``entropy`` when
    many classes compete.

    Examples
    --------
    >>> import numpy as np
    >>> confidence = Confidence(0.6, np.array([4.0, 3.0, 2.3, 2.0, 1.0]), np.zeros((100, 4)))
    >>> mean(confidence), round(standard_error(confidence), 4)
    (0.75, 0.0645)

    References
    ----------
    D. Hendrycks, K. Gimpel, "A baseline for detecting misclassified and out-of-distribution examples in neural
    networks", ICLR 2017, doi:10.48550/arXiv.1610.02136.
    """
    return quotient(float(confidence.sums[1]), float(confidence.sums[0]))


def standard_error(confidence: Confidence) -> float:
    """Of a mean of independent rows; ``nan`` for fewer than two."""
    weight, total, squares = confidence.sums[:3].tolist()
    return error_of_mean(weight, total, squares)
