"""Mean entropy of the class scores."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Confidence

__all__ = ["entropy"]


@statistic(bounds=(0.0, inf), higher="neither", undefined="no rows with class scores", rests_on="values")
def entropy(confidence: Confidence) -> float:
    """How undecided the model is between all classes, on average, in nats.

    ::

        entropy = mean of -Σ over classes pₖ ln pₖ

    0 = certain, ln k = all k classes alike (0.693 for two). A rise often comes before a fall of accuracy.

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
    It sees the whole distribution over classes, ``mean`` only its top; for two classes they tell the same:
    prefer ``mean`` there, it is easier to read.

    Examples
    --------
    >>> import numpy as np
    >>> entropy(Confidence(0.6, np.array([4.0, 3.0, 2.3, 2.0, 1.0]), np.zeros((100, 4))))
    0.5

    References
    ----------
    C. E. Shannon, "A mathematical theory of communication", Bell System Technical Journal 27(3), 1948,
    doi:10.1002/j.1538-7305.1948.tb01338.x.
    """
    return quotient(float(confidence.sums[3]), float(confidence.sums[0]))
