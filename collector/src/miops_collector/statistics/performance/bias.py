"""Mean error."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._mean import error_of_mean
from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Residuals

__all__ = ["bias", "standard_error"]


@statistic(bounds=(-inf, inf), higher="neither", undefined="no labelled rows", rests_on="labelled")
def bias(residuals: Residuals) -> float:
    """How much the model predicts too high (positive) or too low (negative) on average, in units of the target.

    ::

        bias = Σ (prediction - truth) / n

    0 = errors cancel out, any sign and size; neither higher nor lower is better, nearer to 0 is.

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
    The first sign of a target that has shifted. Errors cancel: prefer ``mae`` for their size.

    Examples
    --------
    >>> import numpy as np
    >>> errors = np.array([1.0, -2.0, 3.0, -4.0])
    >>> sums = [4, errors.sum(), (errors**2).sum(), np.abs(errors).sum(), 0, 0, 0, 0, (errors**4).sum()]
    >>> residuals = Residuals(0.0, np.array(sums))
    >>> bias(residuals), round(standard_error(residuals), 4)
    (-0.5, 1.5546)

    References
    ----------
    C. J. Willmott, K. Matsuura, "Advantages of the mean absolute error (MAE) over the root mean square error (RMSE) in
    assessing average model performance", Climate Research 30, 2005, doi:10.3354/cr030079.
    """
    return quotient(float(residuals.sums[1]), float(residuals.sums[0]))


def standard_error(residuals: Residuals) -> float:
    """Of a mean of independent rows; ``nan`` for fewer than two."""
    weight, total, squares = residuals.sums[:3].tolist()
    return error_of_mean(weight, total, squares)
