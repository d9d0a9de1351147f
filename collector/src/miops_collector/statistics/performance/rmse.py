"""Root mean squared error."""

from __future__ import annotations

from math import inf, sqrt

from miops_collector.statistics._mean import error_of_mean
from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Residuals

__all__ = ["rmse", "standard_error"]


@statistic(bounds=(0.0, inf), higher="worse", undefined="no labelled rows", rests_on="labelled")
def rmse(residuals: Residuals) -> float:
    """Typical size of an error, in units of the target, with large errors counting more.

    ::

        RMSE = √( Σ (prediction - truth)² / n )

    0 = always exact, no upper bound, never under ``mae``; lower is better.

    Parameters
    ----------
    residuals
        Sums of errors over labelled rows.

    Returns
    -------
    float
        ``nan`` without labelled rows.

    Notes
    -----
    The standard deviation of the errors if ``bias`` is 0. A single outlier can make it: prefer ``mae`` where outliers
    are faults of the truth.

    Examples
    --------
    >>> import numpy as np
    >>> errors = np.array([1.0, -2.0, 3.0, -4.0])
    >>> sums = [4, errors.sum(), (errors**2).sum(), np.abs(errors).sum(), 0, 0, 0, 0, (errors**4).sum()]
    >>> residuals = Residuals(0.0, np.array(sums))
    >>> round(rmse(residuals), 4), round(standard_error(residuals), 4)
    (2.7386, 0.5986)

    References
    ----------
    T. Chai, R. R. Draxler, "Root mean square error (RMSE) or mean absolute error (MAE)?", Geoscientific Model
    Development 7(3), 2014, doi:10.5194/gmd-7-1247-2014.
    """
    return sqrt(quotient(float(residuals.sums[2]), float(residuals.sums[0])))


def standard_error(residuals: Residuals) -> float:
    """By the delta method: that of the mean squared error over ``2 RMSE``; ``nan`` if the RMSE is 0."""
    weight, _, squares = residuals.sums[:3].tolist()
    of_squares = error_of_mean(weight, squares, float(residuals.sums[8]))
    return quotient(of_squares, 2 * rmse(residuals))
