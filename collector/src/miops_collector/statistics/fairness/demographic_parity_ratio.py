"""Demographic parity ratio."""

from __future__ import annotations

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._cells import rows
from miops_collector.statistics.fairness._extremes import proportion
from miops_collector.statistics.fairness.selection_rate import selection_rate
from miops_collector.summary import Groups

__all__ = ["demographic_parity_ratio"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="fewer than two groups are large enough, no row was selected, or there is no positive class",
    rests_on="rows",
)
def demographic_parity_ratio(groups: Groups, *, minimum_rows: float) -> float:
    """How often the model decides in favour of the least favoured group, relative to the most favoured one.

    ::

        min over groups of selection rate / max over groups of selection rate

    1 = all groups alike, 0 = never for one group; lower is worse. Under 0.8 is the four-fifths rule of US employment
    law.

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
    Needs no truth. Equal to Fairlearn's where every group is large enough; it is ``nan`` when nobody is selected.
    Prefer ``demographic_parity_difference`` when nearly everybody is selected or the rates are near 0 by chance.

    Examples
    --------
    >>> import numpy as np
    >>> rows, confusion = np.array([[60.0, 40.0], [80, 20]]), np.array([[[50.0, 10], [10, 30]], [[70, 5], [10, 15]]])
    >>> groups = Groups(("sex",), ("F", "M"), ("no", "yes"), 1, rows, confusion)
    >>> round(demographic_parity_ratio(groups, minimum_rows=30), 4)
    0.5

    References
    ----------
    M. Feldman, S. A. Friedler, J. Moeller, C. Scheidegger, S. Venkatasubramanian, "Certifying and removing disparate
    impact", Proceedings of the 21st ACM SIGKDD Conference, 2015, doi:10.1145/2783258.2783311.
    """
    return proportion(selection_rate(groups), rows(groups), minimum_rows)
