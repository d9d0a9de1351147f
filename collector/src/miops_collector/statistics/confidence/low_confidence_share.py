"""Share of decisions made with little confidence."""

from __future__ import annotations

from miops_collector.statistics._ratio import binomial_error, quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Confidence

__all__ = ["low_confidence_share", "standard_error"]


@statistic(bounds=(0.0, 1.0), higher="worse", undefined="no rows with class scores", rests_on="values")
def low_confidence_share(confidence: Confidence) -> float:
    """Share of rows whose predicted class scored less than the configured limit.

    ::

        low-confidence share = rows with score of the predicted class < limit / n

    0 = always sure, 1 = never; higher is worse. The limit (0.6 unless configured) is frozen with the reference.

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
    The rows a person would be asked about if the model may decline. Prefer ``mean`` when no limit is meaningful.

    Examples
    --------
    >>> import numpy as np
    >>> confidence = Confidence(0.6, np.array([4.0, 3.0, 2.3, 2.0, 1.0]), np.zeros((100, 4)))
    >>> low_confidence_share(confidence), round(standard_error(confidence), 4)
    (0.25, 0.2165)

    References
    ----------
    C. K. Chow, "On optimum recognition error and reject tradeoff", IEEE Transactions on Information Theory 16(1), 1970,
    doi:10.1109/TIT.1970.1054406.
    """
    return quotient(float(confidence.sums[4]), float(confidence.sums[0]))


def standard_error(confidence: Confidence) -> float:
    """Binomial, for independent rows; ``nan`` without any."""
    return binomial_error(low_confidence_share(confidence), float(confidence.sums[0]))
