"""Share of values outside the range of the reference."""

from __future__ import annotations

from math import nan

from miops_collector.statistics._ratio import binomial_error, quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Histogram

__all__ = ["out_of_range_share", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="the window has no values in this column, or the column has no reference range",
    rests_on="values",
)
def out_of_range_share(column: Histogram) -> float:
    """Share of values below the lowest or above the highest value of the reference.

    ::

        out-of-range share = (below + above) / values

    0 = the model knows this range, 1 = all new to it; higher is worse. Infinities are out of range.

    Parameters
    ----------
    column
        Cells of a numeric column.

    Returns
    -------
    float
        ``nan`` if no row has a value or the column has no bins yet.

    Notes
    -----
    Not 0 even when nothing is wrong: of n new values about ``2 n / (m + 1)`` lie beyond the extremes of m reference
    values, so compare the share, not the fact. ``missing_share`` counts rows without a value; prefer a drift statistic
    for moves inside the range.

    Examples
    --------
    >>> import numpy as np
    >>> column = Histogram(np.array([0.0, 1.0, 2.0]), np.array([0, 1]), np.array([50.0, 0, 1, 60, 36, 3]))
    >>> out_of_range_share(column), round(standard_error(column), 4)
    (0.04, 0.0196)

    References
    ----------
    S. Schelter, D. Lange, P. Schmidt, M. Celikel, F. Biessmann, A. Grafberger, "Automating large-scale data quality
    verification", Proceedings of the VLDB Endowment 11(12), 2018, doi:10.14778/3229863.3229867.
    """
    return quotient(column.outside, column.values) if column.edges.size else nan


def standard_error(column: Histogram) -> float:
    """Binomial, for independent rows; ``nan`` without values."""
    return binomial_error(out_of_range_share(column), column.values)
