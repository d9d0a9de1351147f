"""Mean absolute percentage error by group."""

from __future__ import annotations

from math import inf

from miops_collector.statistics import _error_sums
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._means import errors_of_means
from miops_collector.summary import ErrorSum, FloatArray, GroupResiduals

__all__ = ["mape", "standard_error", "support"]


@statistic(
    bounds=(0.0, inf),
    higher="worse",
    undefined="the group has no labelled rows whose truth is not 0",
    rests_on="labelled",
)
def mape(groups: GroupResiduals) -> FloatArray:
    """How far predictions about a group are off, on average, as a share of the truth (0.1 is ten percent).

    ::

        MAPE = mean of |prediction - truth| / |truth|  over the group's rows with truth ≠ 0

    0 = always exact, no upper bound; lower is better, unequal is worse.

    Parameters
    ----------
    groups
        Sums of errors by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where no labelled row has a truth other than 0.

    Notes
    -----
    Fair between groups whose targets differ in scale, where ``mae`` is larger in the group of larger targets however
    good the model is there. One truth near 0 can make it in a small group: prefer ``mae`` there.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.summary import error_terms
    >>> women = error_terms(np.array([10.0, -40.0, 3.0]), np.array([100.0, 200.0, 0.0])).sum(axis=1)
    >>> men = error_terms(np.array([1.0, 3.0]), np.array([10.0, 10.0])).sum(axis=1)
    >>> groups = GroupResiduals(("sex",), ("F", "M"), 0.0, np.stack((women, men)))
    >>> mape(groups).round(4).tolist(), standard_error(groups).round(4).tolist(), support(groups).tolist()
    ([0.15, 0.2], [0.05, 0.1], [2.0, 2.0])

    References
    ----------
    A. Agarwal, M. Dudík, Z. S. Wu, "Fair regression: quantitative definitions and reduction-based algorithms",
    Proceedings of the 36th International Conference on Machine Learning, 2019, doi:10.48550/arXiv.1905.12843.
    R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy", International Journal of Forecasting
    22(4), 2006, doi:10.1016/j.ijforecast.2006.03.001.
    """
    return _error_sums.mean_relative(groups.sums)


def standard_error(groups: GroupResiduals) -> FloatArray:
    """``(g,)`` as of all rows together."""
    places = (ErrorSum.NONZERO, ErrorSum.RELATIVE, ErrorSum.RELATIVE_SQUARE)
    return errors_of_means(*(groups.sums[:, place] for place in places))


def support(groups: GroupResiduals) -> FloatArray:
    """``(g,)`` labelled rows whose truth is not 0."""
    return groups.sums[:, ErrorSum.NONZERO]
