"""Mean absolute error."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._mean import error_of_mean
from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Residuals

__all__ = ["mae", "standard_error"]


@statistic(bounds=(0.0, inf), higher="worse", undefined="no labelled rows", rests_on="labelled")
def mae(residuals: Residuals) -> float:
    """How far a prediction is off, on average, in units of the target.

    ::

        MAE = Σ |prediction - truth| / n

    0 = always exact, no upper bound; lower is better.

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
    Every unit of error counts the same. Prefer ``rmse`` when large errors cost more than in proportion, ``mape`` to
    compare targets of different size, ``bias`` for the sign.

    Examples
    --------
    >>> import numpy as np
    >>> errors = np.array([1.0, -2.0, 3.0, -4.0])
    >>> sums = [4, errors.sum(), (errors**2).sum(), np.abs(errors).sum(), 0, 0, 0, 0, (errors**4).sum()]
    >>> residuals = Residuals(0.0, np.array(sums))
    >>> mae(residuals), round(standard_error(residuals), 4)
    (2.5, 0.6455)

    References
    ----------
    C. J. Willmott, K. Matsuura, "Advantages of the mean absolute error (MAE) over the root mean square error (RMSE) in
    assessing average model performance", Climate Research 30, 2005, doi:10.3354/cr030079.
    """
    return quotient(float(residuals.sums[3]), float(residuals.sums[0]))


def standard_error(residuals: Residuals) -> float:
    """Of a mean of independent rows; ``nan`` for fewer than two."""
    weight, _, squares, total = residuals.sums[:4].tolist()
    return error_of_mean(weight, total, squares)
