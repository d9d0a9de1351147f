"""Selection rate."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._cells import rows, selected
from miops_collector.summary import FloatArray, Groups

__all__ = ["counts", "selection_rate", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="neither",
    undefined="the group has no rows, or there is no positive class",
    rests_on="rows",
)
def selection_rate(groups: Groups) -> FloatArray:
    """Share of a group's rows that the model decides in favour of (predicts positive).

    ::

        selection rate = predicted positive / rows

    0 = never, 1 = always; neither is better.

    Parameters
    ----------
    groups
        Decisions by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0.

    Notes
    -----
    Needs no truth, so it is known at once. Groups may differ for reasons the model is right about: prefer
    ``true_positive_rate`` once truth is known.

    Examples
    --------
    >>> rows, confusion = np.array([[60.0, 40.0], [80, 20]]), np.array([[[50.0, 10], [10, 30]], [[70, 5], [10, 15]]])
    >>> selection_rate(Groups(("sex",), ("F", "M"), ("no", "yes"), 1, rows, confusion)).tolist()
    [0.4, 0.2]

    References
    ----------
    C. Dwork, M. Hardt, T. Pitassi, O. Reingold, R. Zemel, "Fairness through awareness", Innovations in Theoretical
    Computer Science, 2012, doi:10.1145/2090236.2090255.
    """
    return ratio(selected(groups), rows(groups))


def standard_error(groups: Groups) -> FloatArray:
    """``(g,)`` binomial, for independent rows; ``nan`` where the rate is."""
    rate = selection_rate(groups)
    return np.sqrt(ratio(rate * (1 - rate), rows(groups)))


def counts(groups: Groups) -> tuple[FloatArray, FloatArray]:
    """``(g,)`` each: numerators and denominators."""
    return selected(groups), rows(groups)
