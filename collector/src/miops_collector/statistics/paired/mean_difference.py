"""By how much one model's numbers exceed another's of the same pairs, on average."""

from __future__ import annotations

from math import nan, sqrt

import numpy as np
from scipy.special import stdtrit

from miops_collector.statistics.paired.estimate import Estimate
from miops_collector.summary import FloatArray

__all__ = ["mean_difference"]


def mean_difference(one: FloatArray, other: FloatArray) -> Estimate:
    """Mean of ``other - one``, with the interval of the paired t-test.

    ::

        mean(d) ± t_{0.975, n - 1} sd(d) / √n      d = other - one

    0 = alike on average, positive = the other's are higher. Of rights and wrongs (1 and 0) it is the difference of
    accuracy. Pairs where either is not finite are left out. Undefined without pairs, the interval with one.

    Parameters
    ----------
    one, other
        ``(n,)`` scores, errors, or 1 and 0.

    Examples
    --------
    >>> found = mean_difference(np.zeros(4), np.array([1.0, 2.0, 3.0, 4.0]))
    >>> found.value, round(found.low, 4), round(found.high, 4)
    (2.5, 0.4457, 4.5543)

    References
    ----------
    Student (W. S. Gosset), "The probable error of a mean", Biometrika 6(1), 1908, doi:10.1093/biomet/6.1.1.
    """
    differences = other - one
    differences = differences[np.isfinite(differences)]
    n = len(differences)
    if n < 2:
        return Estimate(float(differences[0]) if n else nan, nan, nan, n)
    mean = float(differences.mean())
    half = float(stdtrit(n - 1, 0.975)) * float(differences.std(ddof=1)) / sqrt(n)
    return Estimate(mean, mean - half, mean + half, n)
