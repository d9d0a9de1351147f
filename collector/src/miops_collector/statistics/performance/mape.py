"""Mean absolute percentage error."""

from __future__ import annotations

from math import inf

from miops_collector.statistics import _error_sums
from miops_collector.statistics._mean import error_of_mean
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import ErrorSum, Residuals

__all__ = ["mape", "standard_error"]


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
    >>> from miops_collector.summary import error_terms
    >>> truth, prediction = np.array([0.0, 100.0, 200.0]), np.array([5.0, 110.0, 160.0])
    >>> residuals = Residuals(0.0, error_terms(prediction - truth, truth).sum(axis=1))
    >>> round(mape(residuals), 4), round(standard_error(residuals), 4)
    (0.15, 0.05)

    References
    ----------
    R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy", International Journal of Forecasting
    22(4), 2006, doi:10.1016/j.ijforecast.2006.03.001.
    """
    return float(_error_sums.mean_relative(residuals.sums))


def standard_error(residuals: Residuals) -> float:
    """Of a mean of independent rows whose truth is not 0; ``nan`` for fewer than two."""
    places = (ErrorSum.NONZERO, ErrorSum.RELATIVE, ErrorSum.RELATIVE_SQUARE)
    weight, total, squares = (float(residuals.sums[place]) for place in places)
    return error_of_mean(weight, total, squares)
