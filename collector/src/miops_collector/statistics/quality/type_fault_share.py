"""Share of rows with a value of the wrong type."""

from __future__ import annotations

from miops_collector.statistics._ratio import binomial_error, quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Frequencies, Histogram

__all__ = ["standard_error", "type_fault_share"]


@statistic(bounds=(0.0, 1.0), higher="worse", undefined="the window has no rows", rests_on="rows")
def type_fault_share(column: Histogram | Frequencies) -> float:
    """Share of rows in which the column holds a value of another type than in the reference.

    ::

        type fault share = faults / rows

    0 = none, 1 = all; higher is worse. Text in a numeric column is a fault.

    Parameters
    ----------
    column
        Cells of a numeric or categorical column.

    Returns
    -------
    float
        ``nan`` without rows.

    Notes
    -----
    A jump from 0 nearly always means that a producer upstream has changed its format. Prefer
    ``out_of_range_share`` and ``unseen_share`` for values of the right type that the reference does not have.

    Examples
    --------
    >>> import numpy as np
    >>> column = Frequencies(("a", "b"), np.array([0, 20.0, 50, 30, 0]))
    >>> type_fault_share(column), round(standard_error(column), 4)
    (0.2, 0.04)

    References
    ----------
    S. Schelter, D. Lange, P. Schmidt, M. Celikel, F. Biessmann, A. Grafberger, "Automating large-scale data quality
    verification", Proceedings of the VLDB Endowment 11(12), 2018, doi:10.14778/3229863.3229867.
    """
    return quotient(column.faults, column.rows)


def standard_error(column: Histogram | Frequencies) -> float:
    """Binomial, for independent rows; ``nan`` without rows."""
    return binomial_error(type_fault_share(column), column.rows)
