"""Coefficient of determination."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Residuals

__all__ = ["r2"]


@statistic(
    bounds=(-inf, 1.0),
    higher="better",
    undefined="the labelled rows are fewer than two or all have the same truth",
    rests_on="labelled",
)
def r2(residuals: Residuals) -> float:
    """Share of the variation of the truth that the model explains.

    ::

        R² = 1 - Σ (prediction - truth)² / Σ (truth - mean truth)²

    1 = always exact, 0 = no better than naming the mean of the window, negative = worse than that; higher is better.

    Parameters
    ----------
    residuals
        Sums of errors and truths over labelled rows.

    Returns
    -------
    float
        ``nan`` if the truth does not vary (scikit-learn says 0 or 1 then).

    Notes
    -----
    It falls when the truth varies less, even if every error stays the same, so do not compare windows of different
    spread by it; prefer ``rmse`` or ``mae`` for that.

    Examples
    --------
    >>> import numpy as np
    >>> truth, prediction = np.array([3.0, -0.5, 2.0, 7.0]), np.array([2.5, 0.0, 2.0, 8.0])
    >>> squares = ((prediction - truth) ** 2).sum()
    >>> sums = np.array([4, 0, squares, 0, 0, 0, truth.sum(), (truth**2).sum(), 0])
    >>> round(r2(Residuals(0.0, sums)), 4)
    0.9486

    References
    ----------
    T. O. Kvålseth, "Cautionary note about R²", The American Statistician 39(4), 1985,
    doi:10.1080/00031305.1985.10479448.
    """
    weight, _, squares, _, _, _, total, total_squares, _ = residuals.sums.tolist()
    spread = total_squares - quotient(total * total, weight)
    negligible = 1e-12 * total_squares
    return 1 - quotient(squares, spread if spread > negligible else 0.0)
