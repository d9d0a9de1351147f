"""Coefficient of determination by group."""

from __future__ import annotations

from math import inf

from miops_collector.statistics import _error_sums
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import ErrorSum, FloatArray, GroupResiduals

__all__ = ["r2", "standard_error", "support"]


@statistic(
    bounds=(-inf, 1.0),
    higher="better",
    undefined="the labelled rows of the group are fewer than two or all have the same truth",
    rests_on="labelled",
)
def r2(groups: GroupResiduals) -> FloatArray:
    """Share of the variation of the truth within a group that the model explains.

    ::

        R² = 1 - Σ (prediction - truth)² / Σ (truth - mean truth of the group)²

    1 = always exact, 0 = no better than naming the mean of the group, negative = worse than that; higher is better.

    Parameters
    ----------
    groups
        Sums of errors and truths by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where the truth does not vary.

    Notes
    -----
    Whether the model tells the members of a group apart, or only the groups from one another: the latter makes R² of
    all rows high and that within every group low. A group whose truths are alike has a lower one for errors of the same
    size, so prefer ``mae`` or ``rmse`` for who suffers larger errors.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.summary import error_terms
    >>> truth, prediction = np.array([3.0, -0.5, 2.0, 7.0]), np.array([2.5, 0.0, 2.0, 8.0])
    >>> women = error_terms(prediction - truth, truth).sum(axis=1)
    >>> men = error_terms(2 * (prediction - truth), truth).sum(axis=1)
    >>> groups = GroupResiduals(("sex",), ("F", "M"), 0.0, np.stack((women, men)))
    >>> r2(groups).round(4).tolist(), standard_error(groups).round(4).tolist()
    ([0.9486, 0.7944], [0.0173, 0.0693])

    References
    ----------
    A. Agarwal, M. Dudík, Z. S. Wu, "Fair regression: quantitative definitions and reduction-based algorithms",
    Proceedings of the 36th International Conference on Machine Learning, 2019, doi:10.48550/arXiv.1905.12843.
    T. O. Kvålseth, "Cautionary note about R²", The American Statistician 39(4), 1985,
    doi:10.1080/00031305.1985.10479448.
    """
    return 1 - _error_sums.unexplained(groups.sums)


def standard_error(groups: GroupResiduals) -> FloatArray:
    """``(g,)`` as of all rows together."""
    return _error_sums.standard_error(_error_sums.pull_of_unexplained(groups.sums), groups.sums)


def support(groups: GroupResiduals) -> FloatArray:
    """``(g,)`` labelled rows."""
    return groups.sums[:, ErrorSum.WEIGHT]
