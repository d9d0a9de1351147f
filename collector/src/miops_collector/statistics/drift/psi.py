"""Population stability index."""

from __future__ import annotations

from math import inf, nan

import numpy as np
from scipy.special import chdtrc

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.drift._shares import occupied
from miops_collector.summary import Distribution, FloatArray

__all__ = ["p_value", "psi"]

SMOOTHING = 0.5
"""Rows added to every cell (Jeffreys): one row in a cell that is empty in the reference stays finite and small."""


@statistic(
    bounds=(0.0, inf),
    higher="worse",
    undefined="the reference or the window has no values in this column",
    rests_on="values",
    scale_free=False,
)
def psi(reference: Distribution, current: Distribution) -> float:
    """How much the shares of the cells changed, weighted by how much in relative terms.

    ::

        PSI = Σ (q - p) · ln(q / p),   p = (reference + 0.5) / Σ (reference + 0.5),   q likewise of current

    0 = same, grows with drift, no upper bound. Symmetric.

    Parameters
    ----------
    reference, current
        The same column over the same cells: about ten equal-mass groups and guards, or categories and unseen.

    Returns
    -------
    float
        ``nan`` if either sample has no values.

    Notes
    -----
    Cells that are empty in both samples are left out. To all others half a row is added and the shares are
    normalised again, so that a cell that is empty on one side gives a finite and moderate term; tools differ most here
    (a floor of 1e-4, of 1e-10 or of the smallest float gives 0.7, 2.1 and 71 on the example below). Smoothing and
    noise make it depend on the number of rows: without drift it is about ``(k - 1)(1/n + 1/m)`` for ``k`` cells, n and
    m rows, so no fixed threshold suits all windows; :func:`p_value` corrects for it.
    Prefer ``jensen_shannon`` or ``hellinger`` where a bound or a metric is wanted, ``wasserstein`` for the size of a
    shift in the units of the column.

    Examples
    --------
    >>> from miops_collector.summary import Frequencies
    >>> reference = Frequencies(("a", "b", "c"), np.array([0, 0, 50, 30, 20, 0.0]))
    >>> current = Frequencies(("a", "b", "c"), np.array([0, 0, 40, 30, 20, 10.0]))
    >>> round(psi(reference, current), 4)
    0.3201

    References
    ----------
    B. Yurdakul, J. Naranjo, "Statistical properties of the population stability index", Journal of Risk Model
    Validation 14(4), 2020, doi:10.21314/JRMV.2020.227.
    """
    a, b = occupied(reference, current)
    if not (reference.values > 0 and current.values > 0):
        return nan
    p, q = _smooth(a), _smooth(b)
    return float((q - p) @ np.log(q / p))


def p_value(reference: Distribution, current: Distribution) -> float:
    """Chance of a PSI at least this large without drift: ``PSI / (1/n + 1/m)`` is chi-square with k - 1 degrees.

    An approximation for cells of at least about five expected rows; ``chi_square`` has the better known one.
    """
    a, _ = occupied(reference, current)
    n, m = reference.values, current.values
    if not (n > 0 and m > 0):
        return nan
    return float(chdtrc(a.size - 1, psi(reference, current) / (1 / n + 1 / m))) if a.size > 1 else 1.0


def _smooth(counts: FloatArray) -> FloatArray:
    smoothed = counts + SMOOTHING
    shares: FloatArray = smoothed / smoothed.sum()
    return shares
