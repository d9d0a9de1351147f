"""Demographic parity difference."""

from __future__ import annotations

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._cells import rows
from miops_collector.statistics.fairness._extremes import gap
from miops_collector.statistics.fairness.selection_rate import selection_rate
from miops_collector.summary import Groups

__all__ = ["demographic_parity_difference"]


@statistic(
    bounds=(0.0, 1.0),
    higher="worse",
    undefined="fewer than two groups are large enough, or there is no positive class",
    rests_on="rows",
)
def demographic_parity_difference(groups: Groups, *, minimum_rows: float) -> float:
    """How much more often the model decides in favour of the most favoured group than of the least favoured.

    ::

        max over groups of selection rate - min over groups of selection rate

    0 = all groups alike, 1 = always for one and never for another; higher is worse. 0.1 is ten points.

    Parameters
    ----------
    groups
        Decisions by group.
    minimum_rows
        Groups with fewer rows are left out.

    Returns
    -------
    float
        ``nan`` if fewer than two groups can be compared, or the model has no positive class.

    Notes
    -----
    Needs no truth. Equal to Fairlearn's where every group is large enough. The expected value under equal treatment is
    not 0 but grows with the number of groups and shrinks with their size. Prefer ``demographic_parity_ratio`` when
    selection is rare, ``equal_opportunity_difference`` when truth may differ between groups.

    Examples
    --------
    >>> import numpy as np
    >>> rows, confusion = np.array([[60.0, 40.0], [80, 20]]), np.array([[[50.0, 10], [10, 30]], [[70, 5], [10, 15]]])
    >>> groups = Groups(("sex",), ("F", "M"), ("no", "yes"), 1, rows, confusion)
    >>> round(demographic_parity_difference(groups, minimum_rows=30), 4)
    0.2

    References
    ----------
    H. Weerts, M. Dudík, R. Edgar, A. Jalali, R. Lutz, M. Madaio, "Fairlearn: assessing and improving fairness of AI
    systems", Journal of Machine Learning Research 24(257), 2023, doi:10.48550/arXiv.2303.16626.
    """
    return gap(selection_rate(groups), rows(groups), minimum_rows)
