"""How many of the pairs something is true of, such as that both models decide alike."""

from __future__ import annotations

from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from miops_collector.statistics.paired.estimate import Estimate

__all__ = ["share"]

_Z = float(ndtri(0.975))


def share(hits: NDArray[np.bool_]) -> Estimate:
    """Share of pairs that are hits, with Wilson's interval.

    ::

        center = (p + z²/2n) / (1 + z²/n)      half = z √(p (1 - p) / n + z²/4n²) / (1 + z²/n)

    Between 0 and 1. Unlike p ± z σ the interval never leaves [0, 1] and is not empty where all pairs agree.
    Undefined without pairs.

    Parameters
    ----------
    hits
        ``(n,) bool``, one per pair.

    Examples
    --------
    >>> found = share(np.arange(10) < 5)
    >>> found.value, round(found.low, 4), round(found.high, 4)
    (0.5, 0.2366, 0.7634)

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22(158), 1927, doi:10.1080/01621459.1927.10502953.
    """
    n = len(hits)
    if not n:
        return Estimate(nan, nan, nan, 0)
    p, weight = float(np.count_nonzero(hits)) / n, _Z * _Z / n
    center = (p + weight / 2) / (1 + weight)
    half = sqrt(p * (1 - p) * weight + weight * weight / 4) / (1 + weight)
    return Estimate(p, min(max(center - half, 0.0), p), max(min(center + half, 1.0), p), n)
