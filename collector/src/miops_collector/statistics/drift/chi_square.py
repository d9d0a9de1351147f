"""Two-sample chi-square."""

from __future__ import annotations

from math import inf, nan

import numpy as np
from scipy.special import chdtrc

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.drift._shares import occupied
from miops_collector.summary import Distribution

__all__ = ["chi_square", "p_value"]


@statistic(
    bounds=(0.0, inf),
    higher="worse",
    undefined="the reference or the window has no values in this column",
    rests_on="values",
    scale_free=False,
)
def chi_square(reference: Distribution, current: Distribution, *, yates: bool = False) -> float:
    """Evidence that two samples do not come from one distribution; grows with drift and with rows.

    ::

        χ² = n m Σ (a/n - b/m)² / (a + b)      a, b: counts of the cells; n, m: their totals

    0 = same shares, no upper bound. Symmetric. This is Pearson's statistic of the 2 × k contingency table.

    Parameters
    ----------
    reference, current
        The same column over the same cells: categories and unseen, or about ten equal-mass groups and guards.
    yates
        Continuity correction of a table with two cells, as SciPy's and NannyML's default. Off here: it makes the
        test too quiet, and two categories not comparable with three.

    Returns
    -------
    float
        ``nan`` if either sample has no values. Cells empty in both samples are left out; with one cell it is 0.

    Notes
    -----
    The reference is a sample too: taking its shares for the truth (a goodness-of-fit test) raises false alarms on
    half of all windows with ten cells as large as the reference. An unseen category is one more cell, not an
    infinity. It measures evidence, not size; prefer ``hellinger`` for size. See :func:`p_value`.

    Examples
    --------
    >>> from miops_collector.summary import Frequencies
    >>> reference = Frequencies(("a", "b", "c"), np.array([0, 0, 50, 30, 20, 0.0]))
    >>> current = Frequencies(("a", "b", "c"), np.array([0, 0, 40, 30, 20, 10.0]))
    >>> round(chi_square(reference, current), 2), round(p_value(reference, current), 4)
    (11.11, 0.0111)

    References
    ----------
    K. Pearson, "On the criterion that a given system of deviations …", Philosophical Magazine 50(302), 1900,
    doi:10.1080/14786440009463897.
    F. Yates, "Contingency tables involving small numbers and the χ² test", Supplement to the Journal of the Royal
    Statistical Society 1(2), 1934, doi:10.2307/2983604.
    """
    a, b = occupied(reference, current)
    n, m = reference.values, current.values
    if not (n > 0 and m > 0):
        return nan
    step = np.abs(a / n - b / m)
    if yates and a.size == 2:
        step = np.maximum(step - 0.5 * (1 / n + 1 / m), 0.0)
    return float(n * m * (step @ (step / (a + b))))


def p_value(reference: Distribution, current: Distribution) -> float:
    """Chance of a statistic at least this large without drift: chi-square with k - 1 degrees of freedom.

    Trustworthy when every expected count is about five or more. 1 with a single cell, ``nan`` without values.
    """
    a, _ = occupied(reference, current)
    if not (reference.values > 0 and current.values > 0):
        return nan
    return float(chdtrc(a.size - 1, chi_square(reference, current))) if a.size > 1 else 1.0
