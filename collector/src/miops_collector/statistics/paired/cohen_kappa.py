"""Agreement beyond what two models with the same habits would reach by chance."""

from __future__ import annotations

from math import nan

import numpy as np
from numpy.typing import NDArray

__all__ = ["cohen_kappa"]


def cohen_kappa(one: NDArray[np.integer], other: NDArray[np.integer]) -> float:
    """Cohen's kappa of the decisions of two models.

    ::

        κ = (p_observed - p_chance) / (1 - p_chance)      p_chance = Σ_c p_one(c) p_other(c)

    1 = always agree, 0 = as often as by chance, below 0 = less. Where nearly all decisions are the same class, two
    models agree often by chance: kappa says so, the share of agreement does not. Undefined without pairs, and where
    both models only ever decide for one and the same class.

    Parameters
    ----------
    one, other
        ``(n,)`` codes of the same classes, 0 and above.

    Examples
    --------
    >>> one = np.repeat([0, 0, 1, 1], [20, 5, 10, 15])
    >>> other = np.repeat([0, 1, 0, 1], [20, 5, 10, 15])
    >>> round(cohen_kappa(one, other), 10)
    0.4

    References
    ----------
    J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20(1), 1960,
    doi:10.1177/001316446002000104.
    """
    n = len(one)
    if not n:
        return nan
    most = 1 + int(max(one.max(), other.max()))
    counts = [np.bincount(codes, minlength=most).astype(np.float64) for codes in (one, other)]
    chance = float(counts[0] @ counts[1]) / n**2
    return (float(np.mean(one == other)) - chance) / (1 - chance) if chance < 1 else nan
