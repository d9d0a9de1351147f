"""Accuracy by group."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import FloatArray, Groups

__all__ = ["accuracy", "counts", "standard_error"]


@statistic(bounds=(0.0, 1.0), higher="better", undefined="the group has no labelled rows", rests_on="labelled")
def accuracy(groups: Groups) -> FloatArray:
    """Share of a group's labelled rows that the model is right about.

    ::

        accuracy = right / labelled

    0 = never right, 1 = always; higher is better.

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
    Of every class, so it needs no positive one; truth that is none of the classes of the model is a wrong decision.
    A group with rarer outcomes is easier to be right about: prefer ``true_positive_rate`` and
    ``false_positive_rate`` to tell the two kinds of error apart.

    Examples
    --------
    >>> rows, confusion = np.array([[60.0, 40.0], [80, 20]]), np.array([[[50.0, 10], [10, 30]], [[70, 5], [10, 15]]])
    >>> accuracy(Groups(("sex",), ("F", "M"), ("no", "yes"), 1, rows, confusion)).tolist()
    [0.8, 0.85]

    References
    ----------
    R. Berk, H. Heidari, S. Jabbari, M. Kearns, A. Roth, "Fairness in criminal justice risk assessments: the state of
    the art", Sociological Methods & Research 50(1), 2021, doi:10.1177/0049124118782533.
    """
    return ratio(*counts(groups))


def standard_error(groups: Groups) -> FloatArray:
    """``(g,)`` binomial, for independent rows; ``nan`` where the rate is."""
    rate = accuracy(groups)
    return np.sqrt(ratio(rate * (1 - rate), counts(groups)[1]))


def counts(groups: Groups) -> tuple[FloatArray, FloatArray]:
    """``(g,)`` each: numerators and denominators."""
    return np.trace(groups.confusion, axis1=1, axis2=2), groups.confusion.sum(axis=(1, 2))
