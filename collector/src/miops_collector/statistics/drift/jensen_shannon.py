"""Jensen–Shannon distance."""

from __future__ import annotations

from math import log, sqrt

from scipy.special import rel_entr

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.drift._shares import shares
from miops_collector.summary import Distribution

__all__ = ["jensen_shannon"]


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="the reference or the window has no values in this column",
    rests_on="values",
)
def jensen_shannon(reference: Distribution, current: Distribution) -> float:
    """How surely one row tells which of the two samples it came from.

    ::

        JS = √( ½ KL(p ‖ m) + ½ KL(q ‖ m) ),   m = (p + q) / 2,   logarithms to base 2

    0 = same, 1 = no cell in common. Its square is the information, in bits, that one row carries about its sample.
    Symmetric, and a metric: it obeys the triangle inequality.

    Parameters
    ----------
    reference, current
        The same column over the same cells: about ten equal-mass groups and guards, or categories and unseen.

    Returns
    -------
    float
        ``nan`` if either sample has no values. Cells empty on one or both sides need no smoothing.

    Notes
    -----
    The distance and base 2, as NannyML and SciPy's ``jensenshannon(p, q, base=2)``; other tools mean the divergence
    (the square) or base e by the same name. Without drift it is about ``√((k - 1)(1/n + 1/m) / (8 ln 2))``, not 0.
    Prefer ``hellinger`` for nearly the same number where cells that are new should count a little more.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.summary import Frequencies
    >>> reference = Frequencies(("a", "b", "c"), np.array([0, 0, 50, 30, 20, 0.0]))
    >>> current = Frequencies(("a", "b", "c"), np.array([0, 0, 40, 30, 20, 10.0]))
    >>> round(jensen_shannon(reference, current), 5)
    0.23241

    References
    ----------
    J. Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory 37(1), 1991,
    doi:10.1109/18.61115.
    D. M. Endres, J. E. Schindelin, "A new metric for probability distributions", IEEE Transactions on Information
    Theory 49(7), 2003, doi:10.1109/TIT.2003.813506.
    """
    p, q = shares(reference, current)
    middle = (p + q) / 2
    bits = float((rel_entr(p, middle) + rel_entr(q, middle)).sum()) / (2 * log(2))
    return sqrt(min(max(bits, 0.0), 1.0)) if bits == bits else bits
