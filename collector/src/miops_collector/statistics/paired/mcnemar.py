"""Whether one of two models is right more often, from the pairs of which only one is right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

__all__ = ["mcnemar"]


def mcnemar(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """p-value of McNemar's exact test, two-sided.

    ::

        p = min(1, 2 P(X ≤ min(b, c))),  X ~ Binomial(b + c, ½)      b, c: only one, only the other is right

    Between 0 and 1; small = the models are not equally often right. Pairs of which both are right or both wrong say
    nothing about that. 1 where there is no other pair.

    Parameters
    ----------
    one, other
        ``(n,) bool``, whether each model was right.

    Examples
    --------
    >>> round(mcnemar(np.arange(6) < 5, np.arange(6) >= 5), 10)  # of six pairs five and one: 2 (1 + 6) / 64
    0.21875

    References
    ----------
    Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12(2), 1947, doi:10.1007/BF02295996.
    """
    b, c = int(np.count_nonzero(one & ~other)), int(np.count_nonzero(other & ~one))
    return min(1.0, 2.0 * float(betainc(max(b, c), min(b, c) + 1, 0.5))) if b + c else 1.0
