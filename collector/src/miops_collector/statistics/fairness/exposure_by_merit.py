"""Exposure in ranked lists by group, relative to merit."""

from __future__ import annotations

from math import inf

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._exposed import error_over_lists, relative
from miops_collector.summary import FloatArray, GroupMerits

__all__ = ["exposure_by_merit", "standard_error", "support"]

EXPOSURE, MERIT = 0, 1
"""Places in the sums."""


@statistic(
    bounds=(0.0, inf),
    higher="neither",
    undefined="no labelled row of the group that says its place in a list turned out to be relevant",
    rests_on="labelled",
)
def exposure_by_merit(groups: GroupMerits) -> FloatArray:
    """How visible a group's rows are in lists for how relevant they turn out to be, relative to all rows.

    ::

        exposure by merit = (Eᵍ / Mᵍ) / (E / M)
        E: Σ over lists, share of the list's exposure;  M: Σ over lists, truth of its rows / their number
        with ᵍ of the rows of the group, without of all;  labelled rows alone;  exposure as in ``exposure``

    1 = as visible for its merit as rows are on average, 2 = twice; neither is better, unequal is worse.

    Parameters
    ----------
    groups
        Exposure and merit by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where none of its rows has merit.

    Notes
    -----
    The ratio of its smallest to its largest group (``exposure_by_merit_ratio``) is Singh and Joachims' disparate
    treatment, of all lists together: where it is 1, groups are seen as they deserve. Truth is how relevant a row was,
    0 or more, or the positive class. It must come of rows that were *not* relevant too: where only clicks are reported
    every labelled row has merit 1, and this is ``exposure`` of those. Where people click what stands on top, merit
    follows exposure, and nothing unfair shows. Prefer ``exposure`` where no truth comes. Its error counts lists, and
    takes the average of all rows as known.

    Examples
    --------
    Two rows alike in merit in each of two lists; F stands second in both:

    >>> import numpy as np
    >>> v = 1 / np.log2(np.arange(2, 4))
    >>> sums = np.zeros((2, 32, 2))
    >>> sums[0, :2], sums[1, :2] = [v[1] / v.sum(), 0.5], [v[0] / v.sum(), 0.5]
    >>> groups = GroupMerits(("sex",), ("F", "M"), np.array([2.0, 2.0]), sums)
    >>> exposure_by_merit(groups).round(4).tolist()
    [0.7737, 1.2263]

    References
    ----------
    A. Singh, T. Joachims, "Fairness of exposure in rankings", Proceedings of the 24th ACM SIGKDD Conference, 2018,
    doi:10.1145/3219819.3220088.
    """
    return relative(groups.sums, EXPOSURE, MERIT) * _average(groups)


def standard_error(groups: GroupMerits) -> FloatArray:
    """``(g,)`` over lists; ``nan`` where it is not known."""
    return error_over_lists(groups.sums, EXPOSURE, MERIT) * _average(groups)


def support(groups: GroupMerits) -> FloatArray:
    """``(g,)`` labelled rows that say their place."""
    return groups.rows


def _average(groups: GroupMerits) -> FloatArray:
    """Merit by exposure of all rows."""
    exposure, merit = groups.sums.sum(axis=(0, 1))
    return ratio(np.array(merit), np.array(exposure))
