"""Whether a column has stopped varying."""

from __future__ import annotations

from math import nan

import numpy as np

from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Frequencies, Moments

__all__ = ["constant"]


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="fewer than two rows have a value, or all values are unseen categories and may differ",
    rests_on="values",
)
def constant(column: Moments | Frequencies) -> float:
    """1 if all rows that have a value have the same one, else 0.

    ::

        numeric: lowest = highest       categorical: one category holds all values

    0 = it varies, 1 = stuck: a sensor, a default, a join that found nothing; higher is worse, unless the reference is
    constant too.

    Parameters
    ----------
    column
        Moments of a numeric column (finite values) or cells of a categorical one.

    Returns
    -------
    float
        ``nan`` for fewer than two values, which are always the same, and if all are unseen categories: those are
        counted together, so whether they differ is not known.

    Notes
    -----
    A yes or no. A column that is nearly stuck shows as drift; prefer ``missing_share`` for one that has emptied.

    Examples
    --------
    >>> constant(Moments(0.0, np.array([3.0, 21.0, 147.0]), 7.0, 7.0))
    1.0
    >>> constant(Frequencies(("a", "b"), np.array([0.0, 0, 9, 1, 0])))
    0.0

    References
    ----------
    S. Schelter, D. Lange, P. Schmidt, M. Celikel, F. Biessmann, A. Grafberger, "Automating large-scale data quality
    verification", Proceedings of the VLDB Endowment 11(12), 2018, doi:10.14778/3229863.3229867.
    """
    if isinstance(column, Moments):
        return float(column.lowest == column.highest) if column.count >= 2 else nan
    counts = column.fine
    if counts.sum() < 2 or counts[-1] == counts.sum():
        return nan
    return float(np.count_nonzero(counts) == 1)
