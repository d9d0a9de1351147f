"""Share of rows without a value."""

from __future__ import annotations

from miops_collector.statistics._ratio import binomial_error, quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Frequencies, Histogram

__all__ = ["missing_share", "standard_error"]


@statistic(bounds=(0.0, 1.0), higher="worse", undefined="the window has no rows", rests_on="rows")
def missing_share(column: Histogram | Frequencies) -> float:
    """Share of rows in which the column has no value (null, NaN or absent).

    ::

        missing share = missing / rows

    0 = complete, 1 = the column has vanished; higher is worse. Compare with the reference: some columns are always half
    empty.

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
    Values of a wrong type are not missing; prefer ``type_fault_share`` for those.

    Examples
    --------
    >>> import numpy as np
    >>> column = Frequencies(("a", "b"), np.array([5.0, 0, 60, 30, 5]))
    >>> missing_share(column), round(standard_error(column), 4)
    (0.05, 0.0218)

    References
    ----------
    S. Schelter, D. Lange, P. Schmidt, M. Celikel, F. Biessmann, A. Grafberger, "Automating large-scale data quality
    verification", Proceedings of the VLDB Endowment 11(12), 2018, doi:10.14778/3229863.3229867.
    """
    return quotient(column.missing, column.rows)


def standard_error(column: Histogram | Frequencies) -> float:
    """Binomial, for independent rows; ``nan`` without rows."""
    return binomial_error(missing_share(column), column.rows)
