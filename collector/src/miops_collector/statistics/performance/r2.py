"""Coefficient of determination."""

from __future__ import annotations

from math import inf

from miops_collector.statistics import _error_sums
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Residuals

__all__ = ["r2", "standard_error"]


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
    >>> from miops_collector.summary import error_terms
    >>> residuals = Residuals(0.0, error_terms(prediction - truth, truth).sum(axis=1))
    >>> round(r2(residuals), 4), round(standard_error(residuals), 4)
    (0.9486, 0.0173)

    References
    ----------
    T. O. Kvålseth, "Cautionary note about R²", The American Statistician 39(4), 1985,
    doi:10.1080/00031305.1985.10479448.
    """
    return 1 - float(_error_sums.unexplained(residuals.sums))


def standard_error(residuals: Residuals) -> float:
    """By the delta method, for independent rows; ``nan`` for fewer than two, or for a truth that hardly varies."""
    return float(_error_sums.standard_error(_error_sums.pull_of_unexplained(residuals.sums), residuals.sums))
