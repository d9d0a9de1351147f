"""Share of values that are categories the reference does not have."""

from __future__ import annotations

from math import nan

from miops_collector.statistics._ratio import binomial_error, quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Frequencies

__all__ = ["standard_error", "unseen_share"]


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="the window has no values in this column, or the column has no reference categories or so many that rare "
    "and unseen ones are one",
    rests_on="values",
)
def unseen_share(column: Frequencies) -> float:
    """Share of values that are a category the model has never met in its reference.

    ::

        unseen share = unseen / values

    0 = all known, 1 = all new; higher is worse.

    Parameters
    ----------
    column
        Cells of a categorical column.

    Returns
    -------
    float
        ``nan`` if no row has a value, the column has no categories yet, or they have an open end: of identifiers and
        free texts, most of what comes is new, and that says nothing.

    Notes
    -----
    Which categories they are is not kept, only how many rows. A rare category can miss the reference by chance: expect
    about the share of categories that occur once in it. Prefer a drift statistic for moves among known categories.

    Examples
    --------
    >>> import numpy as np
    >>> column = Frequencies(("a", "b"), np.array([50.0, 0, 60, 36, 4]))
    >>> unseen_share(column), round(standard_error(column), 4)
    (0.04, 0.0196)

    References
    ----------
    S. Schelter, D. Lange, P. Schmidt, M. Celikel, F. Biessmann, A. Grafberger, "Automating large-scale data quality
    verification", Proceedings of the VLDB Endowment 11(12), 2018, doi:10.14778/3229863.3229867.
    """
    return quotient(column.outside, column.values) if column.categories and not column.open_end else nan


def standard_error(column: Frequencies) -> float:
    """Binomial, for independent rows; ``nan`` without values."""
    return binomial_error(unseen_share(column), column.values)
