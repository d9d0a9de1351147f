"""Share in the top tenth by group."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import FloatArray, GroupPredictions

__all__ = ["counts", "standard_error", "top_tenth_share"]


@statistic(bounds=(0.0, 1.0), higher="neither", undefined="the group has no rows with a prediction", rests_on="rows")
def top_tenth_share(groups: GroupPredictions) -> FloatArray:
    """Share of a group's rows whose prediction is among the highest tenth of the reference.

    ::

        share = rows in or above the highest of the equal-mass groups of the reference / rows

    0.1 = as in the reference; neither is better, unequal is worse.

    Parameters
    ----------
    groups
        Predictions by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0.

    Notes
    -----
    Exposure where only the top is looked at: who is shown, called, or granted. The limit is frozen with the reference;
    where many predictions tie there, the top group is larger than a tenth. Needs no truth. Prefer ``mean_rank`` where
    the whole order matters.

    Examples
    --------
    >>> import numpy as np
    >>> cells = np.array([[0.0, 6, 2, 0], [0, 2, 6, 0]])
    >>> groups = GroupPredictions(("sex",), ("F", "M"), 10.0, np.array([[8.0, -8, 16], [8, 8, 16]]), cells)
    >>> top_tenth_share(groups).tolist()
    [0.25, 0.75]

    References
    ----------
    A. J. Biega, K. P. Gummadi, G. Weikum, "Equity of attention: amortizing individual fairness in rankings",
    Proceedings of the 41st ACM SIGIR Conference, 2018, doi:10.1145/3209978.3210063.
    """
    return ratio(*counts(groups))


def standard_error(groups: GroupPredictions) -> FloatArray:
    """``(g,)`` binomial, for independent rows; ``nan`` where the share is."""
    share = top_tenth_share(groups)
    return np.sqrt(ratio(share * (1 - share), counts(groups)[1]))


def counts(groups: GroupPredictions) -> tuple[FloatArray, FloatArray]:
    """``(g,)`` each: numerators and denominators."""
    return groups.cells[:, -2:].sum(axis=1), groups.cells.sum(axis=1)
