"""Mean absolute percentage error."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Residuals

__all__ = ["mape"]


@statistic(
    bounds=(0.0, inf),
    higher="worse",
    undefined="no labelled rows whose truth is not 0",
    rests_on="labelled",
)
def mape(residuals: Residuals) -> float:
    """How far a prediction is off, on average, as a share of the truth (0.1 is ten percent).

    ::

        MAPE = mean of |prediction - truth| / |truth|  over rows with truth ≠ 0

    0 = always exact, no upper bound; lower is better.

    Parameters
    ----------
    residuals
        Sums of errors over labelled rows.

    Returns
    -------
    float
        ``nan`` if no labelled row has a truth other than 0. Rows whose truth is 0 are left out (scikit-learn divides
        them by 2e-16 instead, which makes one such row the whole score).

    Notes
    -----
    Small truths dominate it, and predicting too little is cheaper than too much. Prefer ``mae`` unless targets differ
    in scale by orders of magnitude.

    Examples
    --------
    >>> import numpy as np
    >>> mape(Residuals(0.0, np.array([3, 0.0, 50.0, 10.0, 2, 0.3, 0, 0, 0])))
    0.15

    References
    ----------
    R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy", International Journal of Forecasting
    22(4), 2006, doi:10.1016/j.ijforecast.2006.03.001.
    """
    return quotient(float(residuals.sums[5]), float(residuals.sums[4]))
