"""Number of rows by group."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._statistic import statistic
from miops_collector.summary import FloatArray, Groups

__all__ = ["group_rows"]


@statistic(
    bounds=(0.0, inf),
    higher="neither",
    undefined="never",
    rests_on="rows",
    unit="{row}",
    scale_free=False,
)
def group_rows(groups: Groups) -> FloatArray:
    """How many rows of the window belong to each group.

    ::

        rows of the group, labelled or not

    0 or more, no upper bound. Rows whose sensitive feature is missing or new belong to no group.

    Parameters
    ----------
    groups
        Decisions by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one count per group; never ``nan``.

    Notes
    -----
    Says which groups are too small to be judged, and which have vanished. Prefer ``miops.drift.chi_square`` of the
    sensitive column to judge whether the mix of groups has changed.

    Examples
    --------
    >>> import numpy as np
    >>> rows, confusion = np.array([[60.0, 40.0], [80, 20]]), np.zeros((2, 2, 2))
    >>> group_rows(Groups(("sex",), ("F", "M"), ("no", "yes"), 1, rows, confusion)).tolist()
    [100.0, 100.0]

    References
    ----------
    H. Weerts, M. Dudík, R. Edgar, A. Jalali, R. Lutz, M. Madaio, "Fairlearn: assessing and improving fairness of AI
    systems", Journal of Machine Learning Research 24(257), 2023, doi:10.48550/arXiv.2303.16626.
    """
    count: FloatArray = groups.rows.sum(axis=1)
    return count
